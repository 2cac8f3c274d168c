//! Where workflows may read and write files, and what happens to paths.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

/// Whether workflows may read and write files on disk, and where. By default they may not.
///
/// ```
/// use engine_nodes::{FilePolicy, NodeSettings, registry_with};
///
/// let directory = std::env::temp_dir();
/// let policy = FilePolicy::within(directory)?.read_only().at_most(10 << 20);
/// let nodes = registry_with(&NodeSettings::default().files(policy));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct FilePolicy {
    allowed: Option<Allowed>,
}

/// The largest file unless said otherwise: 512 MiB.
const LARGEST: u64 = 512 << 20;

impl FilePolicy {
    /// Workflows may read and write files in this directory and below it. It is opened now: what later stands under its name does not matter.
    ///
    /// # Errors
    /// When the directory cannot be opened.
    pub fn within(directory: impl AsRef<Path>) -> io::Result<Self> {
        let given = std::path::absolute(directory.as_ref())?;
        let dir = Dir::open_ambient_dir(&given, ambient_authority())?;
        let real = given.canonicalize()?;
        let names = if real == given { Arc::from([given]) } else { Arc::from([given, real]) };
        Ok(Self { allowed: Some(Allowed { dir: Arc::new(dir), names, largest: LARGEST, writable: true }) })
    }

    /// Workflows may only read.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        if let Some(allowed) = &mut self.allowed {
            allowed.writable = false;
        }
        self
    }

    /// No file is read or written that is larger than this many bytes; 512 MiB unless said otherwise.
    #[must_use]
    pub fn at_most(mut self, bytes: u64) -> Self {
        if let Some(allowed) = &mut self.allowed {
            allowed.largest = bytes;
        }
        self
    }

    pub(super) fn allowed(&self) -> Option<&Allowed> {
        self.allowed.as_ref()
    }
}

/// The directory in which workflows may work.
#[derive(Clone)]
pub(super) struct Allowed {
    dir: Arc<Dir>,
    /// Its absolute names: the one given, and the real one.
    names: Arc<[PathBuf]>,
    pub(super) largest: u64,
    pub(super) writable: bool,
}

impl fmt::Debug for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Allowed")
            .field("names", &self.names)
            .field("largest", &self.largest)
            .field("writable", &self.writable)
            .finish_non_exhaustive()
    }
}

/// Why a file was not read or written, in n8n's words where it has some.
#[derive(Debug, thiserror::Error)]
pub(super) enum DiskError {
    #[error("Access to the file is not allowed. Allowed paths: {0}")]
    Refused(String),
    #[error("The file \"{0}\" is not writable.")]
    NotWritable(String),
    #[error("The file \"{0}\" could not be accessed.")]
    Missing(String),
    #[error("ENOENT: no such file or directory, open '{0}'")]
    NoDirectory(String),
    #[error("You don't have the permissions to access {0}")]
    NoReading(String),
    #[error("You don't have the permissions to write the file {0}")]
    NoWriting(String),
    #[error("\"{0}\" is no file")]
    NoFile(String),
    #[error("The file is too large: more than {0} bytes")]
    TooLarge(u64),
    #[error("the selector finds too many files: more than {0}")]
    TooMany(usize),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// One entry of a directory.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    /// A directory itself, not a link to one.
    pub(super) is_directory: bool,
    pub(super) is_link: bool,
}

impl Allowed {
    /// A path as it lies below the directory. An absolute one must begin with the directory's name.
    pub(super) fn below(&self, path: &str) -> Result<PathBuf, DiskError> {
        let path = Path::new(path);
        let named = || self.names.iter().find_map(|name| path.strip_prefix(name).ok());
        let relative = if path.is_absolute() { named() } else { Some(path) };
        let relative = relative.ok_or_else(|| self.refused())?;
        Ok(if relative.as_os_str().is_empty() { PathBuf::from(".") } else { relative.to_owned() })
    }

    /// Opens a file to read it; blocks.
    pub(super) fn open(&self, path: &str) -> Result<std::fs::File, DiskError> {
        let explain = |error: io::Error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => DiskError::Missing(path.to_owned()),
            ErrorKind::PermissionDenied if is_from_system(&error) => DiskError::NoReading(path.to_owned()),
            _ => self.explain(error),
        };
        let below = self.below(path)?;
        // A pipe would hold up whoever opens it.
        if !self.dir.metadata(&below).map_err(explain)?.is_file() {
            return Err(DiskError::NoFile(path.to_owned()));
        }
        let file = self.dir.open(&below).map_err(explain)?;
        let size = file.metadata()?.len();
        if size > self.largest { Err(DiskError::TooLarge(self.largest)) } else { Ok(file.into_std()) }
    }

    /// Opens a file to write it, from its start or after its end; blocks.
    pub(super) fn create(&self, path: &str, append: bool) -> Result<std::fs::File, DiskError> {
        let explain = |error: io::Error| match error.kind() {
            ErrorKind::NotFound => DiskError::NoDirectory(path.to_owned()),
            ErrorKind::PermissionDenied if is_from_system(&error) => DiskError::NoWriting(path.to_owned()),
            ErrorKind::PermissionDenied => DiskError::NotWritable(path.to_owned()),
            _ => DiskError::Io(error),
        };
        let below = self.below(path).map_err(|_| DiskError::NotWritable(path.to_owned()))?;
        match self.dir.metadata(&below) {
            Ok(metadata) if !metadata.is_file() => return Err(DiskError::NoFile(path.to_owned())),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(explain(error)),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.create(true).append(append).write(true).truncate(!append);
        Ok(self.dir.open_with(&below, &options).map_err(explain)?.into_std())
    }

    /// Whether a path leads to a file; blocks.
    pub(super) fn is_file(&self, below: &Path) -> Result<bool, DiskError> {
        match self.dir.metadata(below) {
            Ok(metadata) => Ok(metadata.is_file()),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(self.explain(error)),
        }
    }

    /// Whether a path leads to a directory within the allowed one; blocks.
    pub(super) fn is_directory(&self, below: &Path) -> bool {
        self.dir.metadata(below).is_ok_and(|metadata| metadata.is_dir())
    }

    /// What is in a directory, sorted by name; blocks. Names that are no text are left out: nothing could name them.
    pub(super) fn entries(&self, below: &Path) -> Result<Vec<Entry>, DiskError> {
        let listed = match self.dir.read_dir(below) {
            Ok(listed) => listed,
            Err(error) if is_absent(&error) || is_from_system(&error) => return Ok(Vec::new()),
            Err(error) => return Err(self.explain(error)),
        };
        let mut entries = Vec::new();
        for entry in listed {
            let entry = entry?;
            let kind = entry.file_type()?;
            let name = entry.file_name().into_string();
            entries.extend(name.map(|name| Entry { name, is_directory: kind.is_dir(), is_link: kind.is_symlink() }));
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn explain(&self, error: io::Error) -> DiskError {
        if error.kind() == ErrorKind::PermissionDenied && !is_from_system(&error) { self.refused() } else { DiskError::Io(error) }
    }

    fn refused(&self) -> DiskError {
        DiskError::Refused(self.names.first().map(|name| name.display().to_string()).unwrap_or_default())
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Whether the operating system refused; otherwise the path led out of the directory.
fn is_from_system(error: &io::Error) -> bool {
    error.raw_os_error().is_some()
}
