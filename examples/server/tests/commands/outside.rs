//! A server outside of the engine, whose answers a test gives by hand.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Longer than any worker takes to take something over.
const PATIENCE: Duration = Duration::from_mins(1);

/// The server.
pub(crate) struct Outside {
    address: std::net::SocketAddr,
    calls: UnboundedReceiver<Call>,
    /// Came while another one was waited for.
    early: VecDeque<Call>,
}

/// A request that waits for its answer. Dropping it ends the connection.
pub(crate) struct Call {
    path: String,
    stream: TcpStream,
}

impl Outside {
    pub(crate) async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, calls) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sender = sender.clone();
                tokio::spawn(async move { Call::read(stream).await.map(|call| sender.send(call)) });
            }
        });
        Self { address, calls, early: VecDeque::new() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits until it is called at this path.
    pub(crate) async fn called(&mut self, path: &str) -> Call {
        if let Some(index) = self.early.iter().position(|call| call.path == path) {
            return self.early.remove(index).unwrap();
        }
        loop {
            let call = tokio::time::timeout(PATIENCE, self.calls.recv()).await.unwrap_or_else(|_| panic!("nobody called {path}")).unwrap();
            if call.path == path {
                return call;
            }
            self.early.push_back(call);
        }
    }

    /// Whether it was called at this path and nobody has waited for that.
    pub(crate) fn was_called_at(&mut self, path: &str) -> bool {
        while let Ok(call) = self.calls.try_recv() {
            self.early.push_back(call);
        }
        self.early.iter().any(|call| call.path == path)
    }

    /// Answers everything from now on.
    pub(crate) fn answer_all(mut self) {
        tokio::spawn(async move {
            for call in self.early {
                call.answer().await;
            }
            while let Some(call) = self.calls.recv().await {
                call.answer().await;
            }
        });
    }
}

impl Call {
    async fn read(mut stream: TcpStream) -> Option<Self> {
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            if stream.read_buf(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        let path = String::from_utf8_lossy(&head).split_whitespace().nth(1)?.to_owned();
        Some(Self { path, stream })
    }

    /// Answers, if the one who called still lives.
    pub(crate) async fn answer(mut self) {
        let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\nConnection: close\r\n\r\n{\"ok\":true}";
        drop(self.stream.write_all(answer.as_bytes()).await);
    }
}
