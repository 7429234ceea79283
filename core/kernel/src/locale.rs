//! Currencies and languages: the codes that the API knows.

use std::fmt;
use std::str::FromStr;

/// A currency by its ISO 4217 code. Only codes that the API can name exist.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The Kenyan shilling.
    pub const KES: Self = Self(*b"KES");

    /// The currency with this code; `None` for a code that the API cannot name.
    pub fn parse(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        CURRENCY_CODES.contains(&code).then_some(Self(bytes))
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A language by the code that the API uses: ISO 639-1, some with a region or script, such as `pt_BR`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Language(&'static str);

impl Language {
    /// English.
    pub const EN: Self = Self("en");
    /// Swahili.
    pub const SW: Self = Self("sw");

    /// The language with this code; `None` for a code that the API cannot name.
    pub fn parse(code: &str) -> Option<Self> {
        LANGUAGE_CODES.iter().find(|known| **known == code).map(|known| Self(known))
    }

    /// The first language that is named twice.
    pub fn first_twice(languages: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut seen = std::collections::HashSet::new();
        languages.into_iter().find(|language| !seen.insert(*language))
    }

    /// The code.
    pub fn code(&self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The text is no code that the API knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no known code")]
pub struct UnknownCode(pub String);

/// Reading and storing both kinds of code as text.
macro_rules! code_as_text {
    ($name:ident) => {
        impl FromStr for $name {
            type Err = UnknownCode;

            fn from_str(text: &str) -> Result<Self, UnknownCode> {
                Self::parse(text).ok_or_else(|| UnknownCode(text.to_owned()))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl<DB: sqlx::Database> sqlx::Type<DB> for $name
        where
            String: sqlx::Type<DB>,
        {
            fn type_info() -> DB::TypeInfo {
                <String as sqlx::Type<DB>>::type_info()
            }

            fn compatible(ty: &DB::TypeInfo) -> bool {
                <String as sqlx::Type<DB>>::compatible(ty)
            }
        }

        impl<'q, DB: sqlx::Database> sqlx::Encode<'q, DB> for $name
        where
            String: sqlx::Encode<'q, DB>,
        {
            fn encode_by_ref(
                &self,
                buffer: &mut DB::ArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                self.code().to_owned().encode(buffer)
            }
        }

        impl<'r, DB: sqlx::Database> sqlx::Decode<'r, DB> for $name
        where
            String: sqlx::Decode<'r, DB>,
        {
            fn decode(value: DB::ValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                Ok(String::decode(value)?.parse()?)
            }
        }
    };
}

code_as_text!(Currency);
code_as_text!(Language);

/// Every currency code of the API, sorted.
pub const CURRENCY_CODES: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD",
    "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY",
    "COP", "CRC", "CUC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD",
    "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HRK", "HTG", "HUF", "IDR",
    "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD",
    "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP",
    "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB",
    "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG",
    "SEK", "SGD", "SHP", "SLL", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND",
    "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VES", "VND", "VUV", "WST", "XAF",
    "XCD", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWL",
];

/// Every language code of the API.
pub const LANGUAGE_CODES: &[&str] = &[
    "af", "ak", "sq", "am", "ar", "hy", "as", "az", "bm", "bn", "eu", "be", "bs", "br", "bg", "my", "ca",
    "ce", "zh", "zh_Hans", "zh_Hant", "cu", "kw", "co", "hr", "cs", "da", "nl", "nl_BE", "dz", "en", "en_AU",
    "en_CA", "en_GB", "en_US", "eo", "et", "ee", "fo", "fi", "fr", "fr_CA", "fr_CH", "ff", "gl", "lg", "ka",
    "de", "de_AT", "de_CH", "el", "gu", "ht", "ha", "he", "hi", "hu", "is", "ig", "id", "ia", "ga", "it",
    "ja", "jv", "kl", "kn", "ks", "kk", "km", "ki", "rw", "ko", "ku", "ky", "lo", "la", "lv", "ln", "lt",
    "lu", "lb", "mk", "mg", "ms", "ml", "mt", "gv", "mi", "mr", "mn", "ne", "nd", "se", "nb", "nn", "ny",
    "or", "om", "os", "ps", "fa", "fa_AF", "pl", "pt", "pt_BR", "pt_PT", "pa", "qu", "ro", "ro_MD", "rm",
    "rn", "ru", "sm", "sg", "sa", "gd", "sr", "sn", "ii", "sd", "si", "sk", "sl", "so", "st", "es", "es_ES",
    "es_MX", "su", "sw", "sw_CD", "sv", "tg", "ta", "tt", "te", "th", "bo", "ti", "to", "tr", "tk", "uk",
    "ur", "ug", "uz", "vi", "vo", "cy", "fy", "wo", "xh", "yi", "yo", "zu",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_codes_exactly_as_written() {
        assert_eq!(Currency::parse("KES"), Some(Currency::KES));
        assert_eq!(Currency::parse("kes"), None);
        assert_eq!(Currency::parse("XXX"), None);
        assert_eq!(Language::parse("pt_BR").map(|language| language.code()), Some("pt_BR"));
        assert_eq!(Language::parse("EN"), None);
    }
}
