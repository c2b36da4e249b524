//! The metadata, from inside the `rlibphonenumber` package: the tables and the reference cannot drift
//! apart.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use prost::Message;
use rlibphonenumber::{PhoneMetadata, PhoneMetadataCollection};

/// The metadata of all territories, and the version that the package states for it.
pub(crate) struct Metadata {
    pub(crate) version: String,
    pub(crate) territories: Vec<PhoneMetadata>,
}

/// Reads the metadata of the package that this workspace depends on.
pub(crate) fn load() -> Result<Metadata, Box<dyn Error>> {
    let package = package_folder()?;
    let bytes = std::fs::read(package.join("src/generated/metadata/metadata.bin"))?;
    let readme = std::fs::read_to_string(package.join("Readme.md"))?;
    let version = readme
        .lines()
        .find_map(|line| line.strip_prefix("**Used metadata version:** `v"))
        .and_then(|rest| rest.split('`').next())
        .ok_or("the package's page does not say which metadata it uses")?;
    let territories = PhoneMetadataCollection::decode(bytes.as_slice())?.metadata;
    Ok(Metadata { version: version.to_owned(), territories })
}

fn package_folder() -> Result<PathBuf, Box<dyn Error>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata gave no packages")?;
    packages
        .iter()
        .find(|package| package["name"] == "rlibphonenumber")
        .and_then(|package| Path::new(package["manifest_path"].as_str()?).parent())
        .map(Path::to_owned)
        .ok_or_else(|| "rlibphonenumber is not among the dependencies".into())
}
