//! n8n's conversion between types, dates and paths into JSON.
