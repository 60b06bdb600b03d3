use std::future::poll_fn;

use actix_web::rt;
use actix_web::rt::net::{TcpListener, TcpStream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

/// Both ends of a connection.
async fn connected() -> (Connection<TcpStream>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap());
    let (accepted, client) = futures_util::join!(listener.accept(), client);
    (Connection::new(accepted.unwrap().0), client.unwrap())
}

#[actix_web::test]
async fn reads_until_it_is_told_to_close_and_little_more() {
    let (mut connection, mut client) = connected().await;
    let sending = rt::spawn(async move {
        let mut sent = 0;
        while client.write_all(&[b'x'; 8 << 10]).await.is_ok() {
            sent += 8 << 10;
        }
        sent
    });
    let mut piece = vec![0; 8 << 10];
    for _ in 0..200 {
        connection.read_exact(&mut piece).await.unwrap();
    }
    connection.close_signal().0.set(true);
    let mut read = 0;
    loop {
        match connection.read(&mut piece).await.unwrap() {
            0 => break,
            bytes => read += bytes,
        }
    }
    assert!(read <= MAX_READ_AFTER + piece.len(), "{read}");
    drop(connection);
    assert!(sending.await.unwrap() > 0);
}

#[actix_web::test]
async fn a_client_that_says_nothing_more_is_let_go_too() {
    let (mut connection, _client) = connected().await;
    connection.close_signal().0.set(true);
    assert_eq!(connection.read(&mut [0; 10]).await.unwrap(), 0);
}

#[actix_web::test]
async fn a_client_that_does_not_take_its_answer_is_let_go_too() {
    let (mut connection, _client) = connected().await;
    connection.close_signal().0.set(true);
    let error = loop {
        match connection.write(&vec![b'x'; 64 << 10]).await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[actix_web::test]
async fn the_client_gets_its_answer_and_the_connection_ends_when_the_client_ends_it() {
    let (mut connection, mut client) = connected().await;
    connection.close_signal().0.set(true);
    connection.write_all(b"refused").await.unwrap();
    let mut answer = [0; 7];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"refused");
    drop(client);
    assert_eq!(connection.read(&mut [0; 10]).await.unwrap(), 0);
    let ended = poll_fn(|context| Poll::Ready(connection.poll_end(context).is_ready())).await;
    assert!(!ended);
}
