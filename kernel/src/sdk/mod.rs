//! What cells link against: built once, kept in the cache, tied to one toolchain.

mod build;
mod cargo;
mod dependency;
mod error;
mod kernelspec;
mod manifest;
mod origin;
mod pack;
mod place;
mod progress;
mod toolchain;

pub use build::{Installed, install, is_current};
pub use cargo::Watch;
pub use dependency::BuiltDependency;
pub use error::SdkError;
pub use kernelspec::{Where, write_kernelspec};
pub use manifest::Sdk;
pub use pack::{Unpacked, install_from, pack};
pub use place::{cache_folder, cells_folder, source_folder, target_folder};
pub(crate) use place::{digest, packed_source};
pub use toolchain::Toolchain;
