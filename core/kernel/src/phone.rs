//! Telephone numbers as people write them, and as networks do.

/// The country that local numbers are in where nobody says: Kenya.
pub const CALLING_CODE_DEFAULT: &str = "254";
/// Digits of a number with its country's calling code (ITU-T E.164).
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// The number in E.164 form, such as `+254712345678`: `0712 345 678` is within the country of this calling code, `+` and `00`
/// begin a number anywhere. None where it is no number.
pub fn international(text: &str, calling_code: &str) -> Option<String> {
    let bare: String = text.chars().filter(|one| !matches!(one, ' ' | '-' | '.' | '(' | ')')).collect();
    let digits = if let Some(rest) = bare.strip_prefix('+').or_else(|| bare.strip_prefix("00")) {
        rest.to_owned()
    } else if let Some(rest) = bare.strip_prefix('0') {
        format!("{calling_code}{rest}")
    } else if bare.starts_with(calling_code) {
        bare
    } else {
        return None;
    };
    let is_number = digits.bytes().all(|one| one.is_ascii_digit()) && !digits.starts_with('0');
    (is_number && DIGITS.contains(&digits.len()) && fits_country(&digits)).then(|| format!("+{digits}"))
}

/// The number in E.164 form of a text that names its country: `+254 712 345 678`, `00254712345678`.
pub fn international_only(text: &str) -> Option<String> {
    let names_country = text.trim_start().starts_with('+') || text.trim_start().starts_with("00");
    international(text, CALLING_CODE_DEFAULT).filter(|_| names_country)
}

/// Whether a country's numbers are like this, where that is known: a mobile telephone's in Kenya has nine digits after the
/// code and begins with 7 or 1.
fn fits_country(digits: &str) -> bool {
    match digits.strip_prefix("254") {
        Some(national) => national.len() == 9 && national.starts_with(['7', '1']),
        None => true,
    }
}

/// Whether this can be a country's calling code.
pub fn is_calling_code(text: &str) -> bool {
    (1..=3).contains(&text.len()) && text.bytes().all(|one| one.is_ascii_digit()) && !text.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_as_people_write_them() {
        for written in [
            "0712345678",
            "0712 345-678",
            "+254712345678",
            "254712345678",
            "00254 712 345 678",
            "(0712) 345.678",
        ] {
            assert_eq!(international(written, "254").as_deref(), Some("+254712345678"), "{written}");
        }
        assert_eq!(international_only(" +254 712 345678").as_deref(), Some("+254712345678"));
        assert_eq!(international_only("0712345678"), None, "it may be in any country");
        assert_eq!(international("0110345678", "254").as_deref(), Some("+254110345678"));
        assert_eq!(international("+44 20 7946 0018", "254").as_deref(), Some("+442079460018"));
        for odd in [
            "",
            "0",
            "+",
            "712345678",
            "07123456789",
            "0212345678",
            "+25471234567",
            "+0712345678",
            "07x2345678",
            "٠٧١٢",
        ] {
            assert_eq!(international(odd, "254"), None, "{odd}");
        }
    }
}
