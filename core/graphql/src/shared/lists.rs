//! The lists whose fields are the same in both endpoints, and the macro that describes a list.

/// Describes lists: `Marker "ApiName" with flags [ … ] with others { option: type } { field: Kind sort, … }`. `sort`
/// marks fields to sort by.
macro_rules! lists {
    ($($(#[$doc:meta])* $marker:ident $api_name:literal
        $(with flags [$($flag:literal),*])? $(with others {$($other:literal: $other_type:literal),*})? { $($field:literal: $kind:ident $($sort:ident)?),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $marker;

        impl $crate::shared::list_options::Listed for $marker {
            const NAME: &'static str = $api_name;
            const FIELDS: &'static [$crate::shared::list_options::Field] = &[$(
                $crate::shared::list_options::Field {
                    name: $field,
                    kind: $crate::shared::list_options::Kind::$kind,
                    sortable: $crate::shared::lists::sortable!($($sort)?),
                }
            ),*];
            $(const FLAGS: &'static [&'static str] = &[$($flag),*];)?
            $(const OTHERS: &'static [(&'static str, &'static str)] = &[$(($other, $other_type)),*];)?
        }
    )*};
}

/// Whether a field is marked `sort`.
macro_rules! sortable {
    () => {
        false
    };
    (sort) => {
        true
    };
}

pub(crate) use {lists, sortable};

lists! {
    /// Values of a facet.
    FacetValues "FacetValue" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "languageCode": Text, "facetId": Id sort,
        "name": Text sort, "code": Text sort,
    }
    /// Messages in an inbox.
    Notifications "Notification" {
        "id": Id sort, "createdAt": Date sort, "type": Text sort, "read": Boolean,
    }
}
