//! Hosts that are taken down.

use super::*;

#[tokio::test(start_paused = true)]
async fn res_10_a_host_that_is_taken_down_is_cut_off_for_good_and_its_address_can_be_bound_again() {
    let network = MemoryNetwork::default();
    let (host, other) = (network.new_host(), network.new_host());
    let (mut own, theirs) = (listen(&host), listen(&other));
    let address = transport::Acceptor::address(&own);
    let their_address = transport::Acceptor::address(&theirs);
    let mut dialed_by_it = dial(&host, their_address).await.unwrap();
    let mut dialed_to_it = dial(&network, address).await.unwrap();
    let mut of_others = dial(&network, their_address).await.unwrap();
    let _server = transport::Acceptor::accept(&mut own).await.unwrap();
    host.take_down();
    assert_eq!(write_error(&mut dialed_by_it).await, io::ErrorKind::ConnectionReset);
    assert_eq!(write_error(&mut dialed_to_it).await, io::ErrorKind::ConnectionReset);
    of_others.write_all(b"goes on").await.unwrap();
    let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    assert!(refused(dial(&host, their_address).await.err().unwrap()), "it dials nobody");
    assert!(refused(dial(&network, address).await.err().unwrap()), "nobody dials it");
    assert!(host.bind(address).is_err(), "it listens nowhere");

    let again = network.new_host().bind(address).unwrap();
    drop(own);
    dial(&network, address).await.unwrap();
    drop(again);
    assert!(refused(dial(&network, address).await.err().unwrap()));
}
