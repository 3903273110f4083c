//! A bad network: a proxy on loopback that breaks most connections. It knows nothing of HTTP; the first byte of an
//! answer tells it that the endpoint has stored the action.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// The longest delay: longer than clients wait for an answer.
const HELD_UP: Duration = Duration::from_secs(15);
/// Interval and duration of outages.
const OUTAGE: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(3));

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkFault {
    /// Everything goes through at once.
    Well,
    /// The connection is reset as soon as it is accepted.
    Reset,
    /// It is reset after a part of the request.
    CutRequest,
    /// Nothing goes through, and no side is informed.
    Silence,
    /// The request arrives late, perhaps after the client gave up.
    LateRequest,
    /// The answer arrives late, perhaps after the client gave up.
    LateAnswer,
    /// Request and answer arrive a few bytes at a time.
    Trickle,
    /// The request goes through, the answer does not: the connection is reset as soon as the answer begins, so after
    /// the commit.
    CutBeforeAnswer,
    /// Only a part of the answer goes through.
    CutAnswer,
    /// The network is down for every connection.
    Outage,
}

/// All faults, and how many of a hundred connections have each. Outages come on top.
pub const NETWORK_FAULTS: [(NetworkFault, u64); 10] = [
    (NetworkFault::Well, 40),
    (NetworkFault::Reset, 8),
    (NetworkFault::CutRequest, 8),
    (NetworkFault::Silence, 4),
    (NetworkFault::LateRequest, 8),
    (NetworkFault::LateAnswer, 8),
    (NetworkFault::Trickle, 8),
    (NetworkFault::CutBeforeAnswer, 8),
    (NetworkFault::CutAnswer, 8),
    (NetworkFault::Outage, 0),
];

impl NetworkFault {
    /// Name for the report.
    pub fn words(self) -> &'static str {
        match self {
            NetworkFault::Well => "nothing went wrong",
            NetworkFault::Reset => "reset at once",
            NetworkFault::CutRequest => "cut within the request",
            NetworkFault::Silence => "silence",
            NetworkFault::LateRequest => "request late",
            NetworkFault::LateAnswer => "answer late",
            NetworkFault::Trickle => "a trickle",
            NetworkFault::CutBeforeAnswer => "cut after the commit",
            NetworkFault::CutAnswer => "cut within the answer",
            NetworkFault::Outage => "away for everybody",
        }
    }

    fn drawn(lots: &mut Rng) -> Self {
        let mut left = lots.u64(0..NETWORK_FAULTS.iter().map(|(_, of)| of).sum());
        for (fault, of) in NETWORK_FAULTS {
            match left.checked_sub(of) {
                Some(rest) => left = rest,
                None => return fault,
            }
        }
        NetworkFault::Well
    }
}

/// A proxy that runs until it is dropped.
#[derive(Debug)]
pub struct Network {
    /// Its own address.
    pub origin: String,
    met: Arc<[AtomicU64; NETWORK_FAULTS.len()]>,
    task: JoinHandle<()>,
}

impl Network {
    /// A bad network in front of this endpoint. The faults are drawn from the seed; all times are shorter than in
    /// production by this factor.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn before(endpoint: u16, seed: u64, hurry: u32) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let met: Arc<[AtomicU64; NETWORK_FAULTS.len()]> = Arc::default();
        let (counted, mut lots) = (met.clone(), Rng::with_seed(seed));
        let endpoint = SocketAddr::from((Ipv4Addr::LOCALHOST, endpoint));
        let task = tokio::spawn(async move {
            let begun = Instant::now();
            loop {
                let Ok((client, _)) = listener.accept().await else {
                    // Mostly because file descriptors run out.
                    sleep(Duration::from_millis(10)).await;
                    continue;
                };
                let into = (begun.elapsed() * hurry).as_millis() % OUTAGE.0.as_millis();
                let fault = match into < (OUTAGE.0 - OUTAGE.1).as_millis() {
                    true => NetworkFault::drawn(&mut lots),
                    false => NetworkFault::Outage,
                };
                let place =
                    NETWORK_FAULTS.iter().position(|(known, _)| *known == fault).unwrap_or(0);
                counted[place].fetch_add(1, Relaxed);
                let lots = lots.fork();
                tokio::spawn(async move {
                    let mut client = client;
                    // Broken connections are the purpose of this proxy.
                    if carry(&mut client, endpoint, fault, lots, hurry).await.is_err() {
                        let _ = client.set_zero_linger();
                    }
                });
            }
        });
        Ok(Network { origin, met, task })
    }

    /// Number of connections that met each fault.
    pub fn met(&self) -> impl Iterator<Item = (NetworkFault, u64)> {
        NETWORK_FAULTS
            .iter()
            .zip(&*self.met)
            .map(|((fault, _), number)| (*fault, number.load(Relaxed)))
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How bytes are carried in one direction.
#[derive(Clone, Copy, Debug, Default)]
struct Manner {
    /// Delay before the first bytes.
    wait: Duration,
    /// Number of bytes after which it is cut.
    most: Option<usize>,
    /// Maximum bytes at a time, and the pause between.
    pieces: Option<(usize, Duration)>,
}

/// Carries one connection; returns an error if it must be reset.
async fn carry(
    client: &mut TcpStream,
    endpoint: SocketAddr,
    fault: NetworkFault,
    mut lots: Rng,
    hurry: u32,
) -> Result<()> {
    let (mut up, mut down) = (Manner::default(), Manner::default());
    let mut late = || HELD_UP.mul_f64(lots.f64()) / hurry;
    match fault {
        NetworkFault::Well => {}
        NetworkFault::Reset | NetworkFault::Outage => anyhow::bail!("reset"),
        NetworkFault::Silence => {
            // Until the other side gives up.
            while client.read(&mut [0; 4096]).await? > 0 {}
            return Ok(());
        }
        NetworkFault::LateRequest => up.wait = late(),
        NetworkFault::LateAnswer => down.wait = late(),
        NetworkFault::CutRequest => up.most = Some(lots.usize(0..8192)),
        NetworkFault::CutBeforeAnswer => down.most = Some(0),
        NetworkFault::CutAnswer => down.most = Some(lots.usize(1..600)),
        NetworkFault::Trickle => {
            let pause = Duration::from_millis(lots.u64(1..200)) / hurry;
            up.pieces = Some((lots.usize(64..1024), pause));
            down.pieces = Some((lots.usize(16..256), pause));
        }
    }
    client.set_nodelay(true)?;
    let mut server = TcpStream::connect(endpoint).await?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let ended = tokio::select! {
        ended = relay(&mut from_client, &mut to_server, up) => ended,
        ended = relay(&mut from_server, &mut to_client, down) => ended,
    };
    if ended.is_err() {
        let _ = server.set_zero_linger();
    }
    ended
}

/// Carries bytes in one direction until the end; returns an error if it is cut or breaks.
async fn relay(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    manner: Manner,
) -> Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    let mut left = manner.most.unwrap_or(usize::MAX);
    let mut wait = manner.wait;
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        sleep(std::mem::take(&mut wait)).await;
        let (size, pause) = manner.pieces.unwrap_or((buffer.len(), Duration::ZERO));
        for piece in buffer[..read.min(left)].chunks(size) {
            to.write_all(piece).await?;
            sleep(pause).await;
        }
        left = left.saturating_sub(read);
        anyhow::ensure!(left > 0, "cut");
    }
}
