//! Binary data in a folder, in S3 and its like, or in Google Cloud Storage.
//!
//! Each blob is an object of its own name, written once. One that was not written to its end does not appear. Objects that nothing names any more are removed by
//! the bucket's own rules (docs/OPERATING.md says which): the engine does not list buckets.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;
use engine_core::blob::{BlobError, BlobStore, ByteStream};
use engine_core::model::BlobId;
use futures::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::buffered::BufWriter;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt};
use secrecy::ExposeSecret;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use crate::data;
use crate::settings::{StorageKind, StorageSettings};

/// Where blobs lie outside the database.
#[derive(Debug)]
pub(crate) struct Bucket {
    objects: Arc<dyn ObjectStore>,
    prefix: Key,
}

/// What the ids of its blobs begin with.
const SCHEME: &str = "object:";

impl Bucket {
    /// The bucket or folder that the settings name.
    pub(crate) fn open(settings: &StorageSettings, data: &Path) -> anyhow::Result<Self> {
        if settings.kind == StorageKind::Local {
            let folder = settings.path.as_ref().map_or_else(|| data.join("blobs"), Into::into);
            data::make_folder(&folder)?;
            let objects = LocalFileSystem::new_with_prefix(&folder).with_context(|| format!("the folder {} cannot be used", folder.display()))?;
            return Ok(Self { objects: Arc::new(objects.with_fsync(true)), prefix: Key::default() });
        }
        let prefix = Key::from(settings.path.as_deref().unwrap_or_default());
        let bucket = settings.bucket.as_deref().unwrap_or_default();
        let objects: Arc<dyn ObjectStore> =
            if settings.kind == StorageKind::S3 { Arc::new(s3(settings, bucket)?) } else { Arc::new(gcs(settings, bucket)?) };
        Ok(Self { objects, prefix })
    }

    fn key(&self, id: &BlobId) -> Option<Key> {
        let name: Uuid = id.as_str().strip_prefix(SCHEME)?.parse().ok()?;
        Some(self.prefix.clone().join(name.simple().to_string()))
    }
}

fn s3(settings: &StorageSettings, bucket: &str) -> anyhow::Result<object_store::aws::AmazonS3> {
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_region(&settings.s3_region);
    if let Some(endpoint) = &settings.s3_endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    if let (Some(key), Some(secret)) = (&settings.s3_access_key, &settings.s3_secret_key) {
        builder = builder.with_access_key_id(key).with_secret_access_key(secret.expose_secret());
    }
    builder.build().context("the settings of the S3 bucket cannot be used")
}

fn gcs(settings: &StorageSettings, bucket: &str) -> anyhow::Result<object_store::gcp::GoogleCloudStorage> {
    let mut builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket);
    if let Some(account) = &settings.gcs_service_account {
        builder = builder.with_service_account_path(account);
    }
    builder.build().context("the settings of the Google Cloud Storage bucket cannot be used")
}

#[async_trait]
impl BlobStore for Bucket {
    async fn put(&self, mut bytes: ByteStream) -> Result<(BlobId, u64), BlobError> {
        let name = Uuid::now_v7();
        let mut writer = BufWriter::new(Arc::clone(&self.objects), self.prefix.clone().join(name.simple().to_string()));
        let mut size = 0;
        loop {
            match bytes.try_next().await {
                Ok(Some(chunk)) => {
                    size += chunk.len() as u64;
                    writer.put(chunk).await.map_err(std::io::Error::other)?;
                }
                Ok(None) => break,
                Err(error) => {
                    // What was sent so far is of no use; a bucket forgets it in any case when its rules say so.
                    drop(writer.abort().await);
                    return Err(error.into());
                }
            }
        }
        writer.shutdown().await?;
        Ok((BlobId::new(format!("{SCHEME}{name}")), size))
    }

    async fn get(&self, id: &BlobId) -> Result<ByteStream, BlobError> {
        let key = self.key(id).ok_or_else(|| BlobError::NotFound(id.clone()))?;
        match self.objects.get(&key).await {
            Ok(found) => Ok(found.into_stream().map_err(std::io::Error::other).boxed()),
            Err(object_store::Error::NotFound { .. }) => Err(BlobError::NotFound(id.clone())),
            Err(error) => Err(BlobError::Io(std::io::Error::other(error))),
        }
    }

    async fn delete(&self, id: &BlobId) -> Result<(), BlobError> {
        let Some(key) = self.key(id) else { return Ok(()) };
        match self.objects.delete(&key).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(BlobError::Io(std::io::Error::other(error))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use futures::stream;

    fn bucket(folder: &Path) -> Bucket {
        Bucket { objects: Arc::new(LocalFileSystem::new_with_prefix(folder).unwrap()), prefix: Key::default() }
    }

    fn files(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[tokio::test]
    async fn what_was_put_is_read_and_gone_after_its_removal() {
        let folder = tempfile::tempdir().unwrap();
        let bucket = bucket(folder.path());
        let chunks = ["one ", "two"].map(|chunk| Ok(Bytes::from(chunk)));
        let (id, size) = bucket.put(stream::iter(chunks).boxed()).await.unwrap();
        let read: Vec<Bytes> = bucket.get(&id).await.unwrap().try_collect().await.unwrap();
        assert_eq!((size, read.concat()), (7, b"one two".to_vec()));
        bucket.delete(&id).await.unwrap();
        bucket.delete(&id).await.unwrap();
        assert!(matches!(bucket.get(&id).await, Err(BlobError::NotFound(_))));
    }

    #[tokio::test]
    async fn a_stream_that_fails_leaves_nothing_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let bucket = bucket(folder.path());
        let chunks = [Ok(Bytes::from("one")), Err(std::io::Error::other("gone"))];
        assert!(bucket.put(stream::iter(chunks).boxed()).await.is_err());
        assert_eq!(files(folder.path()), 0);
    }

    #[tokio::test]
    async fn an_id_names_no_other_object() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "canary").unwrap();
        let bucket = bucket(folder.path());
        for id in ["object:secret", "object:../secret", "secret", "object:"] {
            assert!(matches!(bucket.get(&BlobId::new(id.to_owned())).await, Err(BlobError::NotFound(_))), "{id}");
        }
    }
}
