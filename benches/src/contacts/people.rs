//! What people are called, by language and script.
//!
//! Given and family names are combined freely, so that nobody in a generated file is a real
//! person other than by chance. Every name also needs a form for email addresses; where it cannot
//! be had by taking the accents off, it follows a slash: `आशा/asha`.

/// The names of one language community in one script.
pub(crate) struct Culture {
    pub(crate) given: &'static str,
    pub(crate) family: &'static str,
    pub(crate) order: NameOrder,
}

/// How a full name is put together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NameOrder {
    /// `Asha Verma`.
    GivenFirst,
    /// `Tan Wei Ming`.
    FamilyFirst,
    /// `王小明`, without a space.
    FamilyFirstJoined,
}

pub(crate) static INDIAN: Culture = Culture {
    given: "Aarav, Aditi, Aditya, Akash, Amit, Ananya, Anil, Anjali, Arjun, Asha, Bhavna, Chetan, \
            Deepa, Deepak, Divya, Farhan, Gaurav, Geeta, Gurpreet, Harsh, Imran, Ishaan, Jyoti, \
            Karan, Kavya, Kiran, Lakshmi, Manish, Meena, Mohammed, Neha, Nikhil, Pooja, Pradeep, \
            Priya, Rahul, Rajesh, Ravi, Rekha, Ritu, Rohit, Sandeep, Sanjay, Shreya, Simran, \
            Sneha, Suresh, Sunita, Tanvi, Usha, Varun, Vikram, Vinod, Zoya",
    family: "Agarwal, Ahmed, Banerjee, Bhat, Chatterjee, Chauhan, Chopra, Das, Desai, Deshmukh, \
             D'Souza, Fernandes, Gill, Gupta, Iyer, Jain, Jha, Joshi, Kapoor, Kaur, Khan, Kulkarni, \
             Kumar, Malhotra, Mehta, Menon, Mishra, Nair, Naidu, Pandey, Patel, Patil, Pillai, \
             Rao, Reddy, Roy, Shah, Sharma, Shetty, Singh, Sinha, Thakur, Thomas, Trivedi, Verma, \
             Yadav",
    order: NameOrder::GivenFirst,
};

pub(crate) static HINDI: Culture = Culture {
    given: "आशा/asha, रवि/ravi, सुनीता/sunita, राहुल/rahul, प्रिया/priya, अमित/amit, नेहा/neha, \
            संजय/sanjay, पूजा/pooja, विक्रम/vikram, ज्योति/jyoti, मनीष/manish, दीपक/deepak, \
            अंजलि/anjali, सुरेश/suresh, रेखा/rekha",
    family: "शर्मा/sharma, वर्मा/verma, गुप्ता/gupta, सिंह/singh, पटेल/patel, कुमार/kumar, मिश्रा/mishra, \
             यादव/yadav, जोशी/joshi, पांडेय/pandey, त्रिवेदी/trivedi, चौहान/chauhan, मेहता/mehta",
    order: NameOrder::GivenFirst,
};

pub(crate) static TAMIL: Culture = Culture {
    given: "கவிதா/kavitha, முருகன்/murugan, லட்சுமி/lakshmi, செல்வம்/selvam, மீனா/meena, \
            கார்த்திக்/karthik, அருண்/arun, தமிழ்/tamil",
    family: "ராஜன்/rajan, குமார்/kumar, பாண்டியன்/pandian, சுந்தரம்/sundaram, மணி/mani, \
             நடராஜன்/natarajan",
    order: NameOrder::GivenFirst,
};

pub(crate) static BANGLA: Culture = Culture {
    given: "রহিম/rahim, ফাতেমা/fatema, করিম/karim, নাসরিন/nasrin, সুমন/sumon, শিউলি/shiuli, \
            তানভীর/tanvir, মিতালী/mitali",
    family: "হোসেন/hossain, আহমেদ/ahmed, ইসলাম/islam, চৌধুরী/chowdhury, রায়/roy, দাস/das, খান/khan",
    order: NameOrder::GivenFirst,
};

pub(crate) static BANGLADESHI: Culture = Culture {
    given: "Rahim, Fatema, Karim, Nasrin, Tanvir, Sumon, Shirin, Jahangir, Ayesha, Rafiq, \
            Sharmin, Mizanur, Rumana, Sabbir, Taslima",
    family: "Hossain, Ahmed, Islam, Chowdhury, Rahman, Khatun, Uddin, Akter, Sarkar, Miah",
    order: NameOrder::GivenFirst,
};

pub(crate) static PAKISTANI: Culture = Culture {
    given: "Ali, Ayesha, Bilal, Fatima, Hamza, Hina, Imran, Kamran, Maryam, Nadia, Omar, Sana, \
            Shahid, Usman, Zainab, Zeeshan, عائشہ/ayesha, بلال/bilal",
    family: "Ahmed, Akhtar, Bhatti, Butt, Chaudhry, Hussain, Iqbal, Khan, Mahmood, Malik, Qureshi, \
             Raza, Sheikh, Siddiqui",
    order: NameOrder::GivenFirst,
};

pub(crate) static ENGLISH: Culture = Culture {
    given: "Alex, Alice, Amy, Andrew, Ben, Charlotte, Chloe, Chris, Daniel, David, Emily, Emma, \
            Ethan, George, Grace, Hannah, Harry, Jack, James, Jessica, John, Kate, Laura, Liam, \
            Lucy, Matthew, Megan, Michael, Olivia, Oliver, Rachel, Ruth, Sam, Sarah, Siobhán, \
            Sophie, Thomas, William, Zoë, Zachary",
    family: "Adams, Allen, Baker, Brown, Campbell, Carter, Clark, Cooper, Davies, Edwards, Evans, \
             Green, Hall, Harris, Hughes, Jackson, Johnson, Jones, King, Lewis, MacDonald, Martin, \
             Miller, Mitchell, Moore, Murphy, O'Brien, O’Connor, Parker, Phillips, Roberts, \
             Robinson, Scott, Smith, Smith-Jones, Taylor, Thompson, Turner, Walker, White, Wilson, \
             Wood, Wright, Young",
    order: NameOrder::GivenFirst,
};

pub(crate) static SPANISH: Culture = Culture {
    given: "Adrián, Alejandro, Ana, Andrés, Begoña, Camila, Carlos, Carmen, Daniela, Diego, Elena, \
            Fernanda, Francisco, Guadalupe, Íñigo, Javier, José, José Luis, Juan, Laura, Lucía, \
            Luis, Manuel, María, María José, Marta, Miguel, Pablo, Paula, Raúl, Rocío, Sofía, \
            Valentina, Ximena, Ine\u{301}s",
    family: "Aguilar, Álvarez, Castillo, Castro, Cruz, de la Cruz, Díaz, Domínguez, Fernández, \
             Flores, García, García López, Gómez, González, Gutiérrez, Hernández, Herrera, Jiménez, \
             López, Martínez, Mendoza, Morales, Muñoz, Núñez, Ortiz, Peña, Pérez, Ramírez, Ramos, \
             Reyes, Rodríguez, Romero, Ruiz, Sánchez, Torres, Vázquez",
    order: NameOrder::GivenFirst,
};

pub(crate) static PORTUGUESE: Culture = Culture {
    given: "Adriana, Aline, Ana, Ana Clara, André, Antônio, Beatriz, Bruno, Caio, Camila, Carlos, \
            Débora, Eduardo, Felipe, Fernanda, Gabriel, Inês, Isabela, João, José, Júlia, Larissa, \
            Letícia, Lucas, Luiz, Marcelo, Márcia, Mateus, Natália, Paulo, Rafael, Renata, \
            Thiago, Vinícius, Vitória",
    family: "Almeida, Alves, Araújo, Barbosa, Cardoso, Carvalho, Conceição, Costa, da Silva, \
             dos Santos, Ferreira, Gomes, Gonçalves, Guimarães, Lima, Lopes, Magalhães, Martins, \
             Melo, Moreira, Nascimento, Oliveira, Pereira, Ribeiro, Rocha, Rodrigues, Silva, Souza, \
             Teixeira, Vieira",
    order: NameOrder::GivenFirst,
};

pub(crate) static INDONESIAN: Culture = Culture {
    given: "Adi, Agus, Andi, Ayu, Bambang, Budi, Citra, Dewi, Dian, Eka, Fitri, Hendra, Indah, \
            Joko, Kartika, Lestari, Made, Nur, Putri, Rina, Rizky, Sari, Siti, Slamet, Sri, \
            Tri, Wahyu, Wayan, Yanti, Yusuf",
    family: "Anggraini, Firmansyah, Gunawan, Hakim, Halim, Hidayat, Kurniawan, Kusuma, Maulana, \
             Nasution, Nugroho, Permata, Pratama, Purnomo, Rahayu, Saputra, Santoso, Setiawan, \
             Siregar, Susanti, Utami, Wibowo, Wijaya, Wulandari",
    order: NameOrder::GivenFirst,
};

pub(crate) static GERMAN: Culture = Culture {
    given: "Anna, Annette, Björn, Christian, Christoph, Claudia, Felix, Florian, Franziska, \
            Günter, Hans, Heike, Jan, Jörg, Julia, Jürgen, Käthe, Katrin, Klaus, Lena, Lukas, \
            Maximilian, Monika, Nadine, Petra, Sabine, Sebastian, Sören, Stefan, Tobias, Ute, \
            Wolfgang",
    family: "Bauer, Becker, Böhm, Fischer, Fuchs, Großmann/grossmann, Hartmann, Hoffmann, Huber, \
             Jäger, Keller, Klein, Koch, Köhler, König, Krause, Krüger, Lange, Lehmann, Maier, \
             Meyer, Möller, Müller, Neumann, Richter, Schäfer, Schmidt, Schmitz, Schneider, \
             Schröder, Schulz, Schwarz, von Berg, Vogel, Wagner, Weber, Weiß/weiss, Werner, Wolf, \
             Zimmermann",
    order: NameOrder::GivenFirst,
};

pub(crate) static ITALIAN: Culture = Culture {
    given: "Alessandro, Alessia, Andrea, Antonio, Chiara, Davide, Elena, Federica, Francesca, \
            Francesco, Giorgia, Giovanni, Giulia, Giuseppe, Luca, Marco, Maria, Martina, Matteo, \
            Niccolò, Paolo, Roberto, Salvatore, Sara, Simone, Sofia, Stefano, Valentina",
    family: "Barbieri, Bianchi, Bruno, Colombo, Conti, Costa, D'Angelo, De Luca, Esposito, Ferrari, \
             Fontana, Gallo, Galli, Giordano, Greco, Lombardi, Mancini, Marino, Moretti, Ricci, \
             Rinaldi, Rizzo, Romano, Rossi, Russo, Santoro, Vitale",
    order: NameOrder::GivenFirst,
};

pub(crate) static FRENCH: Culture = Culture {
    given: "Agnès, Amélie, Antoine, Aurélie, Baptiste, Benoît, Camille, Céline, Chloé, Claire, \
            Élodie, Étienne, François, Françoise, Gaël, Hélène, Hugo, Jean, Jean-Pierre, Jérôme, \
            Julien, Léa, Loïc, Lucas, Marie, Mathieu, Noémie, Olivier, Raphaël, Rene\u{301}e, \
            Sébastien, Sylvie, Théo, Zoé",
    family: "Bernard, Bertrand, Blanc, Bonnet, Boyer, Chevalier, David, Dubois, Dupont, Durand, \
             Faure, Fontaine, Fournier, Garnier, Gauthier, Girard, Lambert, Lefèvre, Legrand, \
             Lemaître, Leroy, Martin, Mercier, Moreau, Morel, Nguyen, Petit, Richard, Robert, \
             Rousseau, Roux, Thomas, Vincent",
    order: NameOrder::GivenFirst,
};

pub(crate) static IVORIAN: Culture = Culture {
    given: "Aya, Adjoua, Awa, Fatou, Ibrahim, Jean-Marc, Kouadio, Mariam, Moussa, Serge, Yao, Yves",
    family: "Bamba, Coulibaly, Diabaté, Diallo, Konan, Koné, Kouassi, N'Guessan, Ouattara, Touré, \
             Traoré",
    order: NameOrder::GivenFirst,
};

pub(crate) static DUTCH: Culture = Culture {
    given: "Anouk, Bas, Bram, Daan, Eva, Fleur, Hanneke, Jeroen, Joost, Lotte, Maaike, Maarten, \
            Noor, Pieter, Ruben, Sanne, Sem, Thijs, Willem, Zoë",
    family: "Bakker, Bos, de Boer, de Groot, de Jong, de Vries, Dekker, Dijkstra, Hendriks, \
             in 't Veld, Jansen, Mulder, Peters, Smit, van Dijk, van den Berg, van der Meer, \
             Visser, Vos",
    order: NameOrder::GivenFirst,
};

pub(crate) static TURKISH: Culture = Culture {
    given: "Ahmet, Aslı, Ayşe, Barış, Burak, Büşra, Can, Cem, Çağla, Deniz, Ebru, Elif, Emre, \
            Esra, Fatma, Gökhan, Hakan, Hülya, İbrahim, Kerem, Mehmet, Merve, Murat, Mustafa, \
            Oğuz, Özge, Selin, Şeyma, Umut, Zeynep",
    family: "Acar, Arslan, Aslan, Aydın, Bulut, Çelik, Çetin, Demir, Doğan, Erdoğan, Güneş, Kaplan, \
             Kaya, Kılıç, Koç, Korkmaz, Öztürk, Özdemir, Polat, Şahin, Şimşek, Tekin, Ünal, Yavuz, \
             Yıldırım, Yıldız, Yılmaz",
    order: NameOrder::GivenFirst,
};

pub(crate) static ARABIC: Culture = Culture {
    given: "محمد/mohamed, أحمد/ahmed, فاطمة/fatima, عائشة/aisha, علي/ali, خالد/khaled, نورة/noura, \
            يوسف/youssef, مريم/mariam, عبد الله/abdullah, سارة/sara, حسن/hassan, ليلى/layla, \
            عمر/omar, هدى/huda, سلمان/salman",
    family: "العتيبي/alotaibi, الشمري/alshammari, القحطاني/alqahtani, حسن/hassan, إبراهيم/ibrahim, \
             المصري/elmasry, السيد/elsayed, الحربي/alharbi, منصور/mansour, خليل/khalil, صالح/saleh, \
             الزهراني/alzahrani, النجار/elnaggar",
    order: NameOrder::GivenFirst,
};

pub(crate) static ARABIC_IN_LATIN: Culture = Culture {
    given: "Abdullah, Ahmed, Aisha, Ali, Amira, Fatima, Hassan, Huda, Khaled, Khalid, Layla, \
            Mahmoud, Mariam, Mohamed, Mohammed, Mona, Mostafa, Noura, Omar, Rania, Salma, Saeed, \
            Tarek, Yasmin, Youssef, Zainab",
    family: "Abdelrahman, Al Amoudi, Al-Farsi, Al Harbi, Al Mansoori, Al Otaibi, Al-Qahtani, \
             Al Shamsi, Ben Youssef, El Sayed, El-Masry, Fathy, Haddad, Hassan, Ibrahim, Khalil, \
             Mansour, Nasser, Saleh, Zaki",
    order: NameOrder::GivenFirst,
};

pub(crate) static NIGERIAN: Culture = Culture {
    given: "Adaeze, Ade, Aisha, Aminu, Amaka, Babajide, Blessing, Chidi, Chinedu, Chioma, Emeka, \
            Fatima, Femi, Folake, Grace, Ibrahim, Ifeoma, Kehinde, Musa, Ngozi, Obinna, Ọláyínká, \
            Sade, Samuel, Taiwo, Tunde, Uche, Yusuf, Zainab",
    family: "Abdullahi, Abubakar, Adebayo, Adeyemi, Afolabi, Akande, Bello, Balogun, Chukwu, Danladi, \
             Eze, Ibrahim, Igwe, Lawal, Mohammed, Nnamdi, Nwosu, Obi, Ogunleye, Okafor, Okeke, \
             Okonkwo, Oladipo, Usman",
    order: NameOrder::GivenFirst,
};

pub(crate) static KENYAN: Culture = Culture {
    given: "Achieng, Akinyi, Amina, Brian, Cynthia, Dennis, Esther, Faith, Grace, Hassan, James, \
            Joyce, Kevin, Kiprop, Mary, Mercy, Njeri, Otieno, Peter, Samuel, Wambui, Wanjiru",
    family: "Chebet, Cheruiyot, Kamau, Kariuki, Kimani, Kiptoo, Koech, Maina, Mohamed, Muthoni, \
             Mutua, Mwangi, Njoroge, Nyambura, Ochieng, Odhiambo, Omondi, Onyango, Wafula, Waweru",
    order: NameOrder::GivenFirst,
};

pub(crate) static SOUTH_AFRICAN: Culture = Culture {
    given: "Anele, Ayanda, Bongani, Busisiwe, Johan, Kagiso, Lerato, Lindiwe, Mandla, Naledi, \
            Nomvula, Pieter, Precious, Sibusiso, Sipho, Tebogo, Thabo, Themba, Thandiwe, Zanele",
    family: "Botha, Coetzee, Dlamini, du Plessis, Khumalo, Mabaso, Mahlangu, Mbatha, Mkhize, Mokoena, \
             Molefe, Naidoo, Ndlovu, Nkosi, Pillay, Sithole, Tshabalala, van der Merwe, van Wyk, \
             Zulu, Zungu",
    order: NameOrder::GivenFirst,
};

pub(crate) static JAPANESE: Culture = Culture {
    given: "翔太/shota, 陽菜/hina, 健/ken, 美咲/misaki, 大輔/daisuke, 愛/ai, 拓也/takuya, 結衣/yui, \
            直樹/naoki, 恵子/keiko, 蓮/ren, さくら/sakura, ケン/ken",
    family: "佐藤/sato, 鈴木/suzuki, 高橋/takahashi, 田中/tanaka, 伊藤/ito, 渡辺/watanabe, 山本/yamamoto, \
             中村/nakamura, 小林/kobayashi, 加藤/kato, 髙橋/takahashi",
    order: NameOrder::FamilyFirstJoined,
};

pub(crate) static JAPANESE_IN_LATIN: Culture = Culture {
    given: "Shota, Hina, Ken, Misaki, Daisuke, Ai, Takuya, Yui, Naoki, Keiko, Ren, Sakura, Yōko",
    family: "Sato, Suzuki, Takahashi, Tanaka, Ito, Itō, Watanabe, Yamamoto, Nakamura, Kobayashi",
    order: NameOrder::GivenFirst,
};

pub(crate) static CHINESE: Culture = Culture {
    given: "伟/wei, 芳/fang, 娜/na, 秀英/xiuying, 敏/min, 静/jing, 丽/li, 强/qiang, 小明/xiaoming, \
            美玲/meiling, 志强/zhiqiang, 欣怡/xinyi",
    family: "王/wang, 李/li, 张/zhang, 刘/liu, 陈/chen, 杨/yang, 黄/huang, 林/lin, 吴/wu, 周/zhou, \
             欧阳/ouyang",
    order: NameOrder::FamilyFirstJoined,
};

pub(crate) static SINGAPOREAN: Culture = Culture {
    given: "Wei Ming, Hui Min, Jia Hui, Jun Jie, Kai Wen, Li Ting, Mei Ling, Siew Lan, Xin Yi, \
            Yong Sheng, Zhi Hao",
    family: "Chan, Chua, Goh, Ho, Koh, Lee, Lim, Low, Ng, Ong, Tan, Tay, Teo, Toh, Wong, Yeo",
    order: NameOrder::FamilyFirst,
};

pub(crate) static FILIPINO: Culture = Culture {
    given: "Angelica, Arnel, Bea, Carlo, Cherry, Christian, Grace, Jasmine, Jayson, Joy, Juan, \
            Kristine, Lorna, Ma. Teresa, Mark, Maricel, Michelle, Paolo, Ramil, Rowena",
    family: "Aquino, Bautista, Castillo, Castro, Cruz, de Guzman, dela Cruz, Flores, Garcia, Mendoza, \
             Navarro, Ocampo, Pascual, Peñaflor, Ramos, Reyes, Rivera, Santos, Villanueva",
    order: NameOrder::GivenFirst,
};

pub(crate) static THAI: Culture = Culture {
    given: "สมชาย/somchai, สมหญิง/somying, วิชัย/wichai, มาลี/malee, ประเสริฐ/prasert, กนกวรรณ/kanokwan, \
            ณัฐพล/nattapon, ศิริพร/siriporn",
    family: "ใจดี/jaidee, ศรีสุข/srisuk, แสงทอง/saengthong, วงศ์ไทย/wongthai, รักษ์ดี/rakdee, ทองคำ/thongkham",
    order: NameOrder::GivenFirst,
};

pub(crate) static THAI_IN_LATIN: Culture = Culture {
    given: "Somchai, Malee, Wichai, Kanokwan, Nattapon, Siriporn, Prasert, Ploy",
    family: "Jaidee, Srisuk, Saengthong, Wongthai, Thongkham, Chaiyasit",
    order: NameOrder::GivenFirst,
};

pub(crate) static KOREAN: Culture = Culture {
    given: "민준/minjun, 서연/seoyeon, 지훈/jihun, 수진/sujin, 현우/hyeonu, 은지/eunji, 영희/younghee",
    family: "김/kim, 이/lee, 박/park, 최/choi, 정/jung, 강/kang, 조/cho",
    order: NameOrder::FamilyFirstJoined,
};

pub(crate) static RUSSIAN_WOMEN: Culture = Culture {
    given: "Анна/anna, Елена/elena, Ольга/olga, Наталья/natalia, Мария/maria, Татьяна/tatiana, \
            Ирина/irina, Алёна/alena, Светлана/svetlana, Юлия/yulia",
    family: "Иванова/ivanova, Петрова/petrova, Смирнова/smirnova, Кузнецова/kuznetsova, \
             Попова/popova, Соколова/sokolova, Морозова/morozova, Волкова/volkova",
    order: NameOrder::GivenFirst,
};

pub(crate) static RUSSIAN_MEN: Culture = Culture {
    given: "Александр/alexander, Дмитрий/dmitry, Сергей/sergey, Андрей/andrey, Алексей/alexey, \
            Иван/ivan, Михаил/mikhail, Фёдор/fedor, Артём/artem, Николай/nikolay",
    family: "Иванов/ivanov, Петров/petrov, Смирнов/smirnov, Кузнецов/kuznetsov, Попов/popov, \
             Соколов/sokolov, Морозов/morozov, Воробьёв/vorobyov, Щербаков/shcherbakov",
    order: NameOrder::GivenFirst,
};
