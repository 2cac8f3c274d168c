//! n8n's conditions.
