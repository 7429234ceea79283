//! What lists and search say of stock, as SQL: the levels themselves are the inventory's.

/// Most saleable units that count as low stock.
macro_rules! low_stock_max {
    () => {
        "2"
    };
}
pub(super) use low_stock_max;

/// Units of the variant `v` of the channel `c` that can still be bought at a moment; meant for tracked variants.
macro_rules! saleable {
    ($now:literal) => {
        concat!(
            "(COALESCE((SELECT SUM(l.on_hand - l.allocated) FROM stock_level l \
             WHERE l.channel_id = v.channel_id AND l.variant_id = v.id), 0) \
             - COALESCE((SELECT SUM(h.quantity) FROM stock_hold h \
             WHERE h.channel_id = v.channel_id AND h.variant_id = v.id AND h.expires_at > ",
            $now,
            "), 0) - CASE WHEN v.use_global_out_of_stock_threshold THEN c.out_of_stock_threshold \
             ELSE v.out_of_stock_threshold END)"
        )
    };
}
pub(super) use saleable;

/// Whether the stock of the variant `v` of the channel `c` is counted.
macro_rules! tracked {
    () => {
        "(v.track_inventory = 'TRUE' OR (v.track_inventory = 'INHERIT' AND c.track_inventory))"
    };
}
pub(super) use tracked;

/// Whether the variant `v` of the channel `c` can be bought at a moment.
macro_rules! in_stock {
    ($now:literal) => {
        concat!(
            "(NOT ",
            $crate::catalogue::stock::tracked!(),
            " OR ",
            $crate::catalogue::stock::saleable!($now),
            " > 0)"
        )
    };
}
pub(super) use in_stock;

/// The level that customers are shown of the variant `v` of the channel `c` at a moment.
macro_rules! stock_level {
    ($now:literal) => {
        concat!(
            "CASE WHEN NOT ",
            $crate::catalogue::stock::tracked!(),
            " THEN 'IN_STOCK' WHEN ",
            $crate::catalogue::stock::saleable!($now),
            " < 1 THEN 'OUT_OF_STOCK' WHEN ",
            $crate::catalogue::stock::saleable!($now),
            " <= ",
            $crate::catalogue::stock::low_stock_max!(),
            " THEN 'LOW_STOCK' ELSE 'IN_STOCK' END"
        )
    };
}
pub(super) use stock_level;
