//! The rule: what each line of an order costs while a window is open.
//!
//! - The share comes off the list price; the unit price left is rounded half up to the minor unit, and the line pays
//!   that times its quantity.
//! - The line never costs less than its floor times its quantity after this component, earlier adjustments counted.
//!   A line that already costs less is left alone.

use soko_pricing::money::{for_all_units, show_amount, show_percent, unit_price_after};
use soko_pricing::{Adjustment, Context, OrderLine, Refusal, adjust_line, out_of_range};

use crate::config::Config;
use crate::window::Window;

const DEFAULT_LABEL: &str = "Happy hour";

/// The adjustments for an order: at most one per line, in the order of the lines; none while no window is open.
///
/// # Errors
/// [`Refusal::InvalidConfig`] for a window that is none or a line without a floor; [`Refusal::Unsupported`] for a
/// negative list price or an amount out of range.
pub fn price_order(context: &Context, config: &Config) -> Result<Vec<Adjustment>, Refusal> {
    let Some(window) = find_open_window(context, config)? else { return Ok(Vec::new()) };
    let label = config.label.as_deref().unwrap_or(DEFAULT_LABEL);
    let headline = format!("{label} {window}: {} off", show_percent(config.off_basis_points));
    let mut adjustments = Vec::new();
    for line in &context.lines {
        if config.only.as_ref().is_some_and(|only| !only.covers(line)) {
            continue;
        }
        if let Some(adjustment) = discount_line(line, config, &headline, &context.currency)? {
            adjustments.push(adjustment);
        }
    }
    Ok(adjustments)
}

/// The discount of one line, `None` when the floor leaves nothing of it.
fn discount_line(
    line: &OrderLine,
    config: &Config,
    headline: &str,
    currency: &str,
) -> Result<Option<Adjustment>, Refusal> {
    if line.unit_list_price < 0 {
        return Err(Refusal::Unsupported(format!("line {}: the list price is negative", line.id)));
    }
    let floor_each = config.floor.get_unit_price(line)?;
    // Both are at least zero, so this cannot overflow.
    let wanted_each = unit_price_after(line.unit_list_price, config.off_basis_points) - line.unit_list_price;
    let wanted = for_all_units(line, wanted_each).ok_or_else(|| out_of_range(line))?;
    let floor = for_all_units(line, floor_each).ok_or_else(|| out_of_range(line))?;
    let down_to_floor = floor.checked_sub(line.line_price).ok_or_else(|| out_of_range(line))?;
    let amount = wanted.max(down_to_floor);
    if amount >= 0 {
        return Ok(None);
    }
    let reason = if amount > wanted {
        format!("{headline}, down to {} each", show_amount(floor_each, currency))
    } else {
        headline.to_owned()
    };
    Ok(Some(adjust_line(line, amount, reason)))
}

/// The first open window as `17:00–19:00`. Every window is read, so that a wrong one shows before its hour.
fn find_open_window(context: &Context, config: &Config) -> Result<Option<String>, Refusal> {
    let mut open = None;
    for text in &config.windows {
        let window = Window::try_new(text)?;
        if open.is_none() && window.contains(&context.now) {
            open = Some(format!("{}–{}", text.start, text.end));
        }
    }
    Ok(open)
}
