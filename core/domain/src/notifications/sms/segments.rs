//! What a text message counts for: segments of 160 characters of the GSM alphabet, or of 70 of any other. A message of
//! several has room for 153 or 67 in each (3GPP TS 23.038 and 23.040).

/// Characters of the GSM alphabet that take one place each.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Those that take two.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// How many segments a text takes; none of it takes none.
pub(in crate::notifications) fn segments(text: &str) -> i64 {
    let places = |character: char| {
        let basic = BASIC.contains(character).then_some(1);
        basic.or_else(|| EXTENDED.contains(character).then_some(2))
    };
    match text.chars().map(places).collect::<Option<Vec<i64>>>() {
        Some(places) => packed(&places, 160, 153),
        None => {
            let places: Vec<i64> = text.chars().map(|one| if one.len_utf16() == 2 { 2 } else { 1 }).collect();
            packed(&places, 70, 67)
        }
    }
}

/// How many segments characters of so many places take: one that has no room is not split, but begins the next.
fn packed(places: &[i64], alone: i64, of_several: i64) -> i64 {
    let total: i64 = places.iter().sum();
    if total <= alone {
        return i64::from(total > 0);
    }
    let (mut segments, mut filled) = (1, 0);
    for place in places {
        filled += place;
        if filled > of_several {
            segments += 1;
            filled = *place;
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_the_networks_do() {
        let of = |text: &str, times: usize| segments(&text.repeat(times));
        assert_eq!((of("a", 0), of("a", 1), of("a", 160), of("a", 161)), (0, 1, 1, 2));
        assert_eq!((of("a", 306), of("a", 307), of("€", 80), of("€", 81)), (2, 3, 1, 2));
        assert_eq!((of("ŵ", 70), of("ŵ", 71), of("ŵ", 134), of("ŵ", 135)), (1, 2, 2, 3));
        assert_eq!((of("😀", 35), of("😀", 36)), (1, 2), "two places each");
        // 152 and a character of two places: the second begins the next segment.
        assert_eq!(segments(&format!("{}€{}", "a".repeat(152), "b".repeat(151))), 2);
        assert_eq!(segments(&format!("{}€{}", "a".repeat(152), "b".repeat(152))), 3);
    }
}
