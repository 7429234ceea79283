use soko_infra::DataScope;
use soko_infra::db::{Bound, Column, ListError, ListSql, MultiRowInsert};
use soko_kernel::query::{Comparison, Direction, Filter, InvalidListQuery, ListQuery, Value};
use soko_kernel::{Page, Timestamp};

use super::Store;

const COLUMNS: &[Column] = &[
    Column::integer("id", "id"),
    Column::text("name", "name"),
    Column::integer("amount", "amount"),
    Column::text("remark", "remark"),
    Column::boolean("done", "done"),
    Column::time("at", "at"),
    Column::text("label", "l.name").of_related("FROM label l WHERE l.note_id = note.id"),
];

/// Notes with the names, amounts, remarks, whether done, and times below.
async fn store_with_notes() -> Store {
    let store = Store::open().await;
    let note = |name: &str, amount: Option<i64>, remark: Option<&str>, done: bool, at: i64| -> Vec<Bound> {
        vec![name.into(), amount.into(), remark.into(), done.into(), Timestamp(at).into()]
    };
    let notes = vec![
        note("apple", Some(10), Some("Red FRUIT"), true, 1_000),
        note("banana", Some(20), None, false, 2_000),
        note("100% cherry_pie", Some(30), Some("fruit in a pie"), true, 3_000),
        note("100 cherry pie", None, Some("back\\slash"), false, 4_000),
        note("it's", Some(-5), Some(""), false, 5_000),
    ];
    let insert = store.database.write(DataScope::Platform, async move |tx| {
        let insert = MultiRowInsert::new("INSERT INTO note (name, amount, remark, done, at)", 5, "");
        insert.execute(tx, notes.clone()).await
    });
    assert_eq!(insert.await.unwrap(), 5);
    store
}

async fn list(store: &Store, query: &ListQuery) -> Result<Page<(i64, String)>, ListError> {
    let list = ListSql {
        select: "id, name",
        from: "FROM note",
        condition: "id < $1".to_owned(),
        values: vec![1_000_i64.into()],
        columns: COLUMNS,
        tie_break: "id",
    };
    store.database.read(DataScope::Platform, async |reader| list.fetch(reader, query).await).await
}

async fn ids(store: &Store, filter: Filter) -> Vec<i64> {
    let query = ListQuery::try_new(None, None, Vec::new(), Some(filter)).unwrap();
    let page = list(store, &query).await.unwrap();
    let ids: Vec<i64> = page.items.into_iter().map(|(id, _)| id).collect();
    assert_eq!(page.total, i64::try_from(ids.len()).unwrap());
    ids
}

async fn refusal(store: &Store, field: &'static str, comparison: Comparison) -> InvalidListQuery {
    let query = ListQuery::try_new(None, None, Vec::new(), Some(Filter::field(field, comparison))).unwrap();
    match list(store, &query).await {
        Err(ListError::Query(refusal)) => refusal,
        outcome => panic!("{outcome:?}"),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[tokio::test]
async fn compares_with_every_operator() {
    use Comparison::{
        Between, Contains, Equal, Greater, GreaterOrEqual, In, IsNull, Less, LessOrEqual, Matches,
        NotContains, NotEqual, NotIn,
    };
    let store = store_with_notes().await;
    let (number, time) = (Value::Integer, |at| Value::Time(Timestamp(at)));
    let cases: Vec<(&'static str, Comparison, &[i64])> = vec![
        ("amount", Equal(number(20)), &[2]),
        ("amount", NotEqual(number(20)), &[1, 3, 4, 5]),
        ("amount", Less(number(20)), &[1, 5]),
        ("amount", LessOrEqual(number(20)), &[1, 2, 5]),
        ("amount", Greater(number(20)), &[3]),
        ("amount", GreaterOrEqual(number(20)), &[2, 3]),
        ("amount", Between(number(10), number(20)), &[1, 2]),
        ("amount", In(vec![number(10), number(30), number(99)]), &[1, 3]),
        ("amount", In(vec![]), &[]),
        ("amount", NotIn(vec![number(10), number(30)]), &[2, 4, 5]),
        ("amount", NotIn(vec![]), &[1, 2, 3, 4, 5]),
        ("amount", IsNull(true), &[4]),
        ("amount", IsNull(false), &[1, 2, 3, 5]),
        ("name", Equal(text("apple")), &[1]),
        ("name", In(vec![text("apple"), text("it's")]), &[1, 5]),
        ("remark", Equal(text("")), &[5]),
        ("remark", NotEqual(text("")), &[1, 2, 3, 4]),
        ("remark", Contains("Fruit".to_owned()), &[1, 3]),
        ("remark", NotContains("fruit".to_owned()), &[2, 4, 5]),
        ("remark", Contains(String::new()), &[1, 3, 4, 5]),
        ("name", Matches("^[ab]".to_owned()), &[1, 2]),
        ("remark", Contains("  fruit ".to_owned()), &[1, 3]),
        ("name", Matches("PIE$".to_owned()), &[3, 4]),
        ("name", Matches("(?-i)PIE$|(?-i)^apple".to_owned()), &[1]),
        ("remark", Matches(".".to_owned()), &[1, 3, 4]),
        ("done", Equal(Value::Boolean(true)), &[1, 3]),
        ("done", NotEqual(Value::Boolean(true)), &[2, 4, 5]),
        ("at", Less(time(2_000)), &[1]),
        ("at", Between(time(2_000), time(3_000)), &[2, 3]),
        ("at", Greater(time(i64::MAX)), &[]),
        ("at", Equal(time(3_000)), &[3]),
        ("at", In(vec![time(1_000), time(5_000)]), &[1, 5]),
        ("remark", IsNull(true), &[2]),
        ("remark", NotIn(vec![text(""), text("Red FRUIT")]), &[2, 3, 4]),
        ("name", Between(text("a"), text("c")), &[1, 2]),
        ("done", IsNull(true), &[]),
    ];
    for (field, comparison, expected) in cases {
        let shown = format!("{field} {comparison:?}");
        assert_eq!(ids(&store, Filter::field(field, comparison)).await, expected, "{shown}");
    }
}

#[tokio::test]
async fn joins_conditions() {
    let store = store_with_notes().await;
    let done = || Filter::field("done", Comparison::Equal(Value::Boolean(true)));
    let cheap = || Filter::field("amount", Comparison::Less(Value::Integer(20)));
    assert_eq!(ids(&store, Filter::And(vec![done(), cheap()])).await, [1]);
    assert_eq!(ids(&store, Filter::Or(vec![done(), cheap()])).await, [1, 3, 5]);
    assert_eq!(ids(&store, Filter::And(vec![])).await.len(), 5);
    assert_eq!(ids(&store, Filter::Or(vec![])).await.len(), 5);
    let id = |id| Filter::field("id", Comparison::Equal(Value::Integer(id)));
    let nested = Filter::And(vec![Filter::Or(vec![id(1), id(5)]), Filter::Or(vec![id(5), id(2)])]);
    assert_eq!(ids(&store, nested).await, [5]);
}

#[tokio::test]
async fn takes_percent_underscore_and_backslash_as_they_are() {
    let store = store_with_notes().await;
    let contains = |text: &str| Comparison::Contains(text.to_owned());
    for (field, searched, expected) in [
        ("name", "100% c", vec![3]),
        ("name", "cherry_p", vec![3]),
        ("name", "cherry p", vec![4]),
        ("name", "%", vec![3]),
        ("name", "_", vec![3]),
        ("remark", "\\", vec![4]),
        ("remark", "\\\\", vec![]),
        ("remark", "%_%", vec![]),
    ] {
        assert_eq!(ids(&store, Filter::field(field, contains(searched))).await, expected, "{searched:?}");
    }
    let without = Comparison::NotContains("%".to_owned());
    assert_eq!(ids(&store, Filter::field("name", without)).await, [1, 2, 4, 5]);
}

#[tokio::test]
async fn takes_values_for_values_whatever_they_say() {
    let store = store_with_notes().await;
    for attempt in [
        "' OR 1 = 1 --",
        "'; DROP TABLE note; --",
        "apple' UNION SELECT 1, 'x' --",
        "$1",
        "?1",
        "') OR ('1' = '1",
        "\"; DELETE FROM note; --",
    ] {
        for comparison in [
            Comparison::Equal(text(attempt)),
            Comparison::In(vec![text(attempt), text(attempt)]),
            Comparison::Contains(attempt.to_owned()),
            Comparison::Between(text(attempt), text(attempt)),
        ] {
            assert_eq!(ids(&store, Filter::field("name", comparison)).await, [0_i64; 0], "{attempt:?}");
        }
        let others = Filter::field("name", Comparison::NotEqual(text(attempt)));
        assert_eq!(ids(&store, others).await.len(), 5, "{attempt:?}");
    }
    assert_eq!(ids(&store, Filter::field("name", Comparison::Equal(text("it's")))).await, [5]);
}

#[tokio::test]
async fn refuses_what_a_field_does_not_have() {
    let store = store_with_notes().await;
    let one = || Value::Integer(1);
    let invalid = InvalidListQuery::InvalidValue;
    let unsupported = InvalidListQuery::UnsupportedOperator;
    for (field, comparison, expected) in [
        ("amount", Comparison::Equal(text("1 OR 1 = 1")), invalid("amount")),
        ("name", Comparison::Equal(one()), invalid("name")),
        ("done", Comparison::Equal(one()), invalid("done")),
        ("at", Comparison::Less(one()), invalid("at")),
        ("at", Comparison::Between(Value::Time(Timestamp(1)), one()), invalid("at")),
        ("amount", Comparison::In(vec![one(), text("x")]), invalid("amount")),
        ("amount", Comparison::Contains("1".to_owned()), unsupported("contains", "amount")),
        ("done", Comparison::NotContains("1".to_owned()), unsupported("notContains", "done")),
        ("at", Comparison::Matches("1".to_owned()), unsupported("regex", "at")),
        ("name", Comparison::ListContains(one()), unsupported("inList", "name")),
        ("password", Comparison::IsNull(true), unsupported("sort or filter", "password")),
        ("name", Comparison::Matches("(".to_owned()), invalid("name")),
        ("name", Comparison::Matches("\\w{500}{500}".to_owned()), invalid("name")),
        ("name", Comparison::Matches("a".repeat(1_001)), invalid("name")),
        ("name", Comparison::Contains("a".repeat(1_001)), invalid("name")),
        ("name", Comparison::Contains("\0".to_owned()), invalid("name")),
        ("name", Comparison::Matches("\0".to_owned()), invalid("name")),
        ("name", Comparison::Equal(text("apple\0")), invalid("name")),
        ("name", Comparison::NotContains("a".repeat(60_000)), invalid("name")),
    ] {
        let shown = format!("{field} {comparison:?}");
        assert_eq!(refusal(&store, field, comparison).await, expected, "{shown:.200}");
    }
    let by_secret = ListQuery::try_new(None, None, vec![("password", Direction::Ascending)], None).unwrap();
    assert!(matches!(list(&store, &by_secret).await, Err(ListError::Query(_))));
}

#[tokio::test]
async fn sorts_and_pages() {
    let store = store_with_notes().await;
    let page = async |skip, take, sort| {
        let query = ListQuery::try_new(skip, take, sort, None).unwrap();
        let page = list(&store, &query).await.unwrap();
        assert_eq!(page.total, 5, "the whole list, whatever the page");
        page.items.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(page(None, None, vec![]).await, [1, 2, 3, 4, 5]);
    assert_eq!(page(Some(1), Some(2), vec![]).await, [2, 3]);
    assert_eq!(page(Some(5), None, vec![]).await, [0_i64; 0]);
    assert_eq!(page(None, Some(0), vec![]).await, [0_i64; 0]);
    assert_eq!(page(Some(i64::MAX), Some(1_000), vec![]).await, [0_i64; 0]);
    let by_amount = vec![("amount", Direction::Descending)];
    assert_eq!(page(None, Some(3), by_amount).await, [3, 2, 1]);
    let done_first = vec![("done", Direction::Descending), ("name", Direction::Descending)];
    assert_eq!(page(None, None, done_first).await, [1, 3, 5, 2, 4]);
    let done_only = vec![("done", Direction::Ascending)];
    assert_eq!(page(None, None, done_only).await, [2, 4, 5, 1, 3], "ties by id");
}

#[tokio::test]
async fn compares_with_what_a_row_has_any_number_of() {
    let store = store_with_notes().await;
    let labels = [(1_i64, "fruit"), (1, "red"), (2, "fruit"), (3, "pie")];
    let insert = store.database.write(DataScope::Platform, async move |tx| {
        let rows = labels.iter().map(|(note, name)| vec![Bound::from(*note), Bound::from(*name)]).collect();
        MultiRowInsert::new("INSERT INTO label (note_id, name)", 2, "").execute(tx, rows).await
    });
    insert.await.unwrap();
    let of = |comparison| ids(&store, Filter::field("label", comparison));
    assert_eq!(of(Comparison::Equal(text("fruit"))).await, [1, 2]);
    assert_eq!(of(Comparison::NotEqual(text("fruit"))).await, [3, 4, 5]);
    assert_eq!(of(Comparison::In(vec![text("red"), text("pie")])).await, [1, 3]);
    assert_eq!(of(Comparison::NotIn(vec![text("red"), text("pie")])).await, [2, 4, 5]);
    assert_eq!(of(Comparison::NotIn(Vec::new())).await, [1, 2, 3, 4, 5]);
    assert_eq!(of(Comparison::Contains("I".to_owned())).await, [1, 2, 3]);
    assert_eq!(of(Comparison::NotContains("i".to_owned())).await, [4, 5]);
    assert_eq!(of(Comparison::IsNull(true)).await, [4, 5]);
    assert_eq!(of(Comparison::IsNull(false)).await, [1, 2, 3]);
    let sorted = ListQuery::try_new(None, None, vec![("label", Direction::Ascending)], None).unwrap();
    assert!(matches!(list(&store, &sorted).await, Err(ListError::Query(_))));
}
