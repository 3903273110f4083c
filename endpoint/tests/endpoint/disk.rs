//! A disk that fails, and files that go away.

use std::fs;

use sqlx::Executor;

use crate::scene::{Scene, signed};

/// Waits until the endpoint is ready, as a load balancer does: asks again until it is.
async fn until_ready(scene: &Scene) {
    loop {
        scene.endpoint.intake.store.probe();
        if scene.get("/readyz").await.status == 200 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

// After one failure every later post was 503, until a restart; health said ok all the time.
#[tokio::test]
async fn a_failed_transaction_is_not_the_end() {
    let scene = Scene::new().await;
    let mut other = scene.database().await;
    // As SQLite does when the disk is full or fails, this rolls the whole transaction back behind sqlx's back.
    other
        .execute(
            "CREATE TRIGGER full BEFORE INSERT ON action BEGIN SELECT RAISE(ROLLBACK, 'full'); END;
             CREATE TRIGGER fuller BEFORE UPDATE ON sign_of_life BEGIN SELECT RAISE(ROLLBACK, 'full'); END;",
        )
        .await
        .unwrap();
    let jws = signed(&scene.claims());
    for _ in 0..3 {
        scene.post(jws.clone()).await.refused(503, "busy");
        assert_eq!(scene.get("/readyz").await.status, 503);
        assert_eq!(scene.get("/healthz").await.status, 200);
    }
    other.execute("DROP TRIGGER full; DROP TRIGGER fuller").await.unwrap();
    // By itself, without a post.
    until_ready(&scene).await;
    scene.post(jws).await.taken(201);
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 1);
}

// 201, 201, 201, into a file that was gone.
#[tokio::test]
async fn nothing_is_taken_into_a_file_that_was_removed_or_replaced() {
    for replaced in [false, true] {
        for ending in ["", "-wal"] {
            let scene = Scene::new().await;
            scene.post(signed(&scene.claims())).await.taken(201);
            let path = scene.dir.path().join(format!("test.sqlite{ending}"));
            if replaced {
                fs::copy(&path, path.with_extension("copy")).unwrap();
                fs::rename(path.with_extension("copy"), &path).unwrap();
            } else {
                fs::remove_file(&path).unwrap();
            }
            for _ in 0..2 {
                scene.post(signed(&scene.claims())).await.refused(503, "busy");
            }
            assert_eq!(scene.get("/readyz").await.status, 503);
            // That is what has the process stop.
            assert!(!scene.endpoint.intake.store.is_writing());
        }
    }
}

#[test]
fn a_process_whose_database_is_removed_stops_with_an_error() {
    let mut server = crate::server::Server::start();
    fs::remove_file(server.dir.path().join("test.sqlite")).unwrap();
    let (code, log) = server.ended();
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("removed or replaced"), "{log}");
}

// Two first starts on one new database: one of them died, every fourth time.
#[test]
fn several_processes_start_on_one_new_database() {
    for _ in 0..4 {
        let dir = crate::scene::folder(&[crate::scene::campaign()]);
        let start = || {
            std::process::Command::new(env!("CARGO_BIN_EXE_standwith"))
                .args(["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:test.sqlite"])
                .args(["--metrics-listen", "127.0.0.1:0"])
                .current_dir(dir.path())
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        };
        let all: Vec<_> = (0..4).map(|_| start()).collect();
        for mut process in all {
            let mut line = String::new();
            let out = process.stdout.as_mut().unwrap();
            std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
            process.kill().unwrap();
            let output = process.wait_with_output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(line.starts_with("StandWith listens"), "{told}");
        }
    }
}
