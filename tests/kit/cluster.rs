//! Several programs that serve one platform, each of which can be killed at any moment.

use std::sync::{Arc, Mutex, PoisonError};

use rand::Rng as _;
use rand::rngs::StdRng;
use soko_infra::Database;

use crate::home::TestHome;
use crate::platform::prepare;
use crate::process::Process;

/// Where the nodes are, as their clients know it: a node that has been killed keeps its address until it serves again.
#[derive(Debug, Clone, Default)]
pub struct Addresses(Arc<Mutex<Vec<String>>>);

impl Addresses {
    /// One server's.
    pub fn of(url: &str) -> Self {
        let addresses = Self::default();
        addresses.set(0, url.to_owned());
        addresses
    }

    /// Any of them.
    ///
    /// # Panics
    /// When there are none.
    pub fn any(&self, random: &mut StdRng) -> String {
        let urls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        urls[random.random_range(0..urls.len())].clone()
    }

    fn set(&self, node: usize, url: String) {
        let mut urls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if node == urls.len() { urls.push(url) } else { urls[node] = url }
    }
}

/// Processes that serve one platform of one shop, on the backend under test: on PostgreSQL as machines would, on SQLite
/// side by side on one.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Process>,
    /// Where they are.
    pub addresses: Addresses,
    /// What each is told beside where its data are.
    arguments: Vec<String>,
    home: TestHome,
}

impl Cluster {
    /// So many nodes over a new store.
    ///
    /// # Panics
    /// When one does not start.
    pub async fn start(nodes: usize) -> Self {
        Self::over(TestHome::create().await, nodes).await
    }

    /// So many nodes over an empty store, which is given a shop.
    ///
    /// # Panics
    /// When one does not start.
    pub async fn over(home: TestHome, nodes: usize) -> Self {
        prepare(&home.settings()).await.expect("a shop to serve");
        Self::serve(home, nodes, &[])
    }

    /// So many nodes over a store that has its shops, with more arguments.
    ///
    /// # Panics
    /// When one does not start.
    pub fn serve(home: TestHome, nodes: usize, arguments: &[&str]) -> Self {
        let addresses = Addresses::default();
        let nodes = (0..nodes).map(|node| {
            let process = Process::start("serve", home.path(), arguments);
            addresses.set(node, process.url.clone());
            process
        });
        let nodes = nodes.collect();
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { nodes, addresses, arguments, home }
    }

    /// Where each of them serves now: `http://127.0.0.1:PORT`.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.url.clone()).collect()
    }

    /// Kills any one node as a power cut would, starts another in its place, and says which it was.
    ///
    /// # Panics
    /// When it does not start.
    pub fn kill_any(&mut self, random: &mut StdRng) -> usize {
        let node = random.random_range(0..self.nodes.len());
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let (nodes, addresses, data) = (&mut self.nodes, &self.addresses, self.home.path());
        // Its clients go on meanwhile.
        tokio::task::block_in_place(|| {
            nodes.remove(node).kill();
            let process = Process::start("serve", data, &arguments);
            addresses.set(node, process.url.clone());
            nodes.insert(node, process);
        });
        node
    }

    /// Kills all of them; their store stays.
    pub fn stop(self) -> TestHome {
        self.nodes.into_iter().for_each(Process::kill);
        self.home
    }

    /// The store that they share.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open_store(&self) -> Database {
        self.home.open_store().await
    }
}
