//! Something between client and node that does not do its part.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::Value;

/// What becomes of a request.
pub enum Act {
    /// The node answers.
    Forward,
    /// Nobody answers; the node never hears of it.
    Refuse,
    /// The node hears of it, but its answer is lost.
    Swallow,
    /// The node answers, but late.
    Delay(Duration),
    /// The node never hears of it; the answer is this.
    Reply(u16, String),
}

/// Ends when dropped.
pub struct Proxy {
    pub rpc: String,
    ended: Arc<AtomicBool>,
}

impl Proxy {
    /// Starts; `decide` is asked about each request, with its number.
    pub fn start(node: &str, decide: impl Fn(usize, &Value) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let rpc = format!("http://{}", listener.local_addr().expect("an address"));
        let (ended, node) = (Arc::new(AtomicBool::new(false)), node.trim_start_matches("http://").to_owned());
        let (over, decide, count) = (ended.clone(), Arc::new(decide), Arc::new(AtomicUsize::new(0)));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let (node, decide, count) = (node.clone(), decide.clone(), count.clone());
                thread::spawn(move || {
                    let body = read(&client)?;
                    let request = serde_json::from_slice(&body).ok()?;
                    serve(client, &node, &body, decide(count.fetch_add(1, Ordering::Relaxed), &request))
                });
            }
        });
        Self { rpc, ended }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.rpc.trim_start_matches("http://"));
    }
}

/// A JSON-RPC error.
pub fn error(request: &Value, code: i64, message: &str) -> Act {
    let error = serde_json::json!({ "code": code, "message": message });
    Act::Reply(200, serde_json::json!({ "jsonrpc": "2.0", "id": request["id"], "error": error }).to_string())
}

/// A JSON-RPC answer.
pub fn result(request: &Value, result: Value) -> Act {
    Act::Reply(200, serde_json::json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }).to_string())
}

fn serve(mut client: TcpStream, node: &str, body: &[u8], act: Act) -> Option<()> {
    let (status, answer) = match act {
        Act::Refuse => return None,
        Act::Forward => (200, ask(node, body)?),
        Act::Swallow => {
            ask(node, body)?;
            return None;
        }
        Act::Delay(time) => {
            thread::sleep(time);
            (200, ask(node, body)?)
        }
        Act::Reply(status, answer) => (status, answer.into_bytes()),
    };
    let length = answer.len();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n");
    client.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).ok()?;
    client.write_all(&answer).ok()
}

fn ask(node: &str, body: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(node).ok()?;
    let head = format!("POST / HTTP/1.1\r\nHost: {node}\r\nContent-Type: application/json\r\n");
    stream.write_all(format!("{head}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()).as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    read(&stream)
}

/// The body of a request or an answer.
fn read(stream: &TcpStream) -> Option<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(body)
}
