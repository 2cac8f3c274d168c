//! Records survive the way into bytes and back; what is no record is an error, never a panic.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::executor::block_on;
use serde_json::{Value, json};

use super::*;
use crate::blob::{BlobStore, MemoryBlobStore};
use crate::model::{Binary, Item, ItemSource, Link, Paired};

fn run(outputs: Vec<Output>) -> Run {
    Run {
        node: "a".into(),
        run: 0,
        order: 3,
        status: RunStatus::Success,
        tries: 1,
        inputs: 1,
        sources: vec![Source { input: 0, node: "t".into(), run: 2, output: 1, items: 7 }],
        outputs,
        error: None,
        memory: None,
        started: Timestamp::from_micros(1_700_000_000_000_001),
        finished: Timestamp::from_micros(1_700_000_000_000_002),
    }
}

fn record(outputs: Vec<Output>) -> Record {
    Record::NodeRun(Box::new(run(outputs)))
}

fn object(value: Value) -> Json {
    match value {
        Value::Object(json) => json,
        _ => panic!("an object is needed"),
    }
}

fn nested(levels: usize) -> Value {
    (1..levels).fold(json!({}), |inner, _| json!({ "a": inner }))
}

fn check(records: &[Record]) {
    let encoded = encode(records).unwrap();
    let text = String::from_utf8_lossy(&encoded.bytes);
    assert_eq!(decode(&encoded.bytes).unwrap_or_else(|error| panic!("{error}: {text}")), records, "{text}");
}

#[test]
fn every_kind_of_record_comes_back() {
    let link = Link::on(1, 4).via(Arc::new(ItemSource { node: "loop".into(), output: 1, run: 9 }));
    let items: Batch = vec![
        Item::new(object(json!({ "b": 1, "a": [1.5, -0.1, 1e300, null, "\u{0}\u{2028}x"], "z": {} }))).paired_with(3),
        Item::default().paired_with(Paired::many([Link::new(0), Link::on(2, 1), link.clone()])).with_error(json!({ "message": "no" })),
        Item::default().paired_with(link).with_binary(BTreeMap::from([
            ("data".to_owned(), Binary::inline(&b"abc"[..], "text/plain").with_file_name("x.txt")),
            ("big".to_owned(), Binary { content: BinaryContent::Stored(BlobId::new("b1")), size: 1 << 40, ..Binary::inline(&b""[..], "a/b") }),
        ])),
    ]
    .into();
    let memory = Memory {
        context: object(json!({ "noItemsLeft": false })),
        lists: BTreeMap::from([("items".to_owned(), ListChange { dropped: 1, kept: 2, added: items.clone() })]),
    };
    let at = Timestamp::from_micros(5);
    let mut failed = run(vec![Output::Items(items.clone()), Output::Input(0), Output::new(items.clone(), Lineage::First)]);
    failed.error = Some(Arc::new(json!({ "message": "no" })));
    failed.memory = Some(memory);
    failed.status = RunStatus::Error;
    failed.tries = 5;
    failed.inputs = 0;
    check(&[
        Record::Started(Started { at, ..Started::default() }),
        Record::Started(Started {
            node: Some("t".into()),
            items: Some(vec![Output::new(items, Lineage::SameIndex)]),
            depth: 2,
            workflow: Some(Arc::new(json!({ "nodes": [] }))),
            options: object(json!({ "a": 1 })),
            at,
        }),
        Record::NodeStarted(NodeStarted { node: "x".into(), run: 1, attempt: 2, at }),
        Record::NodeRun(Box::new(failed)),
        Record::Waiting(Box::new(Waiting { run: run(Vec::new()), wait: Wait::until(at) })),
        Record::WaitOver(WaitOver { node: "x".into(), run: 0, payload: Some(Arc::new(json!([1]))), at }),
        Record::WaitOver(WaitOver { node: "x".into(), run: 1, payload: None, at }),
        Record::Signalled(Signalled { request: "r".into(), kind: SignalName::Pause, at }),
        Record::Finished(Finished { status: ExecutionStatus::Error, error: Some(Arc::new(json!("no"))), at }),
    ]);
}

#[test]
fn keys_keep_their_order_and_numbers_their_digits() {
    let json = object(json!({ "z": 0.1, "a": 1e-7, "m": 9_007_199_254_740_993_i64, "u": u64::MAX, "f": 123_456_789.123_456_79 }));
    let encoded = encode(&[record(vec![Output::Items(vec![Item::new(json.clone())].into())])]).unwrap();
    let records = decode(&encoded.bytes).unwrap();
    let [Record::NodeRun(run)] = records.as_slice() else { panic!("one run") };
    let [Output::Items(items)] = run.outputs.as_slice() else { panic!("one output") };
    assert_eq!(serde_json::to_string(items[0].json()).unwrap(), serde_json::to_string(&json).unwrap());
}

#[test]
fn a_null_error_is_kept_apart_from_none() {
    let mut with_null = run(Vec::new());
    with_null.error = Some(Arc::new(Value::Null));
    check(&[Record::NodeRun(Box::new(with_null)), record(Vec::new())]);
}

#[test]
fn depth_is_limited_when_written_not_when_read() {
    let items = |levels| Output::Items(vec![Item::new(object(nested(levels)))].into());
    check(&[record(vec![items(MAX_DEPTH)])]);
    assert!(matches!(encode(&[record(vec![items(MAX_DEPTH + 1)])]), Err(RecordError::TooDeep)));
}

#[test]
fn blobs_are_named_once() {
    let file = |id: &str| Item::default().with_binary(BTreeMap::from([("f".to_owned(), stored(id))]));
    let outputs = vec![
        Output::Items(vec![file("b"), file("a"), file("b")].into()),
        Output::Stored { blob: BlobId::new("c"), items: 1, names: vec![BlobId::new("a")], lineage: Lineage::Own },
    ];
    let names: Vec<_> = encode(&[record(outputs)]).unwrap().blobs.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

fn stored(id: &str) -> Binary {
    Binary { content: BinaryContent::Stored(BlobId::new(id)), ..Binary::inline(&b""[..], "a/b") }
}

#[test]
fn large_outputs_go_to_the_blob_store_and_come_back() {
    let blobs = MemoryBlobStore::default();
    let large: Batch = (0..100).map(|i| Item::new(object(json!({ "i": i, "text": "x".repeat(20) }))).paired_with(i)).collect();
    let small: Batch = vec![Item::default().with_binary(BTreeMap::from([("f".to_owned(), stored("file"))]))].into();
    let records = vec![record(vec![Output::Items(large.clone()), Output::Items(small), Output::new(large, Lineage::First), Output::Input(0)])];
    let encoded = block_on(encode_spilling(records.clone(), &blobs, 1000)).unwrap();
    assert!(encoded.bytes.len() < 1000, "{}", encoded.bytes.len());
    assert_eq!(encoded.blobs.len(), 3);
    let mut back = decode(&encoded.bytes).unwrap();
    block_on(resolve(&mut back, &blobs)).unwrap();
    assert_eq!(back, records);
    block_on(blobs.delete(encoded.blobs.iter().find(|id| id.as_str() != "file").unwrap())).unwrap();
    let mut lost = decode(&encoded.bytes).unwrap();
    assert!(matches!(block_on(resolve(&mut lost, &blobs)), Err(RecordError::Blob(_))));
}

#[test]
fn what_is_no_record_is_an_error() {
    let errors: Vec<_> =
        ["", "[]", "[1", "{}", "null", "[2]", "[2,{\"new\":{}}]", "[1,3]", "[1,{\"nodeRun\":{}}]", "[1,{\"other\":{}}]", "[-1]", "\u{0}"]
            .iter()
            .map(|text| (decode(text.as_bytes()).unwrap_err().to_string(), *text))
            .collect();
    assert!(errors.iter().any(|(error, text)| *text == "[2,{\"new\":{}}]" && error.contains("format version 2")), "{errors:?}");
    let deep = format!("[1,{}", "[".repeat(200_000));
    assert!(decode(deep.as_bytes()).is_err());
    assert_eq!(decode(b"[1]").unwrap(), []);
}

#[test]
fn every_damaged_byte_is_an_error_or_other_data_never_a_panic() {
    let encoded = encode(&[record(vec![Output::Items(vec![Item::new(object(json!({ "a": [1, "x"] }))).paired_with(1)].into())])]).unwrap();
    for place in 0..encoded.bytes.len() {
        for value in [0, b'"', b'{', b']', 0xff] {
            let mut damaged = encoded.bytes.to_vec();
            damaged[place] = value;
            drop(decode(&damaged));
        }
        drop(decode(&encoded.bytes[..place]));
    }
}

/// The old list, the new one, and how many items are dropped, kept and added.
type Case<'a> = (&'a [Item], Vec<Item>, (u32, u32, usize));

#[test]
fn list_changes_lead_from_the_old_list_to_the_new_one() {
    let items: Vec<Item> = (0..6).map(|i| Item::new(object(json!({ "i": i })))).collect();
    let cases: [Case<'_>; 6] = [
        (&[], items.clone(), (0, 0, 6)),
        (&items, items[2..].to_vec(), (2, 4, 0)),
        (&items[..3], items[1..].to_vec(), (1, 2, 3)),
        (&items, Vec::new(), (6, 0, 0)),
        (&items, items.clone(), (0, 6, 0)),
        (&items[..2], items[3..].to_vec(), (2, 0, 3)),
    ];
    for (old, new, (dropped, kept, added)) in cases {
        let change = ListChange::between(old, &new);
        assert_eq!((change.dropped, change.kept, change.added.len()), (dropped, kept, added));
        assert_eq!(change.apply(old).unwrap(), new);
    }
    assert_eq!(ListChange { dropped: 1, kept: 1, added: Batch::EMPTY }.apply(&items[..1]), None);
}
