//! `market-day`: a share off every line on one day of the week.

use soko_pricing::money::{show_percent, unit_price_after};
use soko_pricing::{
    Adjustment, Context, Manifest, PricingRule, Refusal, adjust_line, manifest, parse_config,
};

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    weekday: u8,
    off_basis_points: u32,
}

struct MarketDay;

impl PricingRule for MarketDay {
    fn describe() -> Manifest {
        manifest!(include_str!("../config-schema.json"))
    }

    fn price_order(context: Context, config: String) -> Result<Vec<Adjustment>, Refusal> {
        let config: Config = parse_config(&config)?;
        if context.now.weekday != config.weekday {
            return Ok(Vec::new());
        }
        let reason = format!("Market day: {} off", show_percent(config.off_basis_points));
        let discount = |price| unit_price_after(price, config.off_basis_points) - price;
        let lines = context.lines.iter().filter(|line| discount(line.line_price) < 0);
        Ok(lines.map(|line| adjust_line(line, discount(line.line_price), reason.clone())).collect())
    }
}

soko_pricing::export!(MarketDay);
