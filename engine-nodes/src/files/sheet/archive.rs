//! The zip archive that XLSX and ODS files are.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::SheetError;

pub(super) struct Archive {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    options: SimpleFileOptions,
}

impl Archive {
    pub(super) fn new(compress: bool) -> Self {
        let method = if compress { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        Self { zip: ZipWriter::new(Cursor::new(Vec::new())), options: SimpleFileOptions::default().compression_method(method) }
    }

    pub(super) fn add(&mut self, name: &str, content: &str) -> Result<(), SheetError> {
        self.add_with(name, content, self.options)
    }

    /// Adds a part that must not be compressed.
    pub(super) fn add_plain(&mut self, name: &str, content: &str) -> Result<(), SheetError> {
        self.add_with(name, content, self.options.compression_method(CompressionMethod::Stored))
    }

    fn add_with(&mut self, name: &str, content: &str, options: SimpleFileOptions) -> Result<(), SheetError> {
        self.zip.start_file(name, options)?;
        self.zip.write_all(content.as_bytes())?;
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Vec<u8>, SheetError> {
        Ok(self.zip.finish()?.into_inner())
    }
}
