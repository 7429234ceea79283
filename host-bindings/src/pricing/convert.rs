//! What the contract versions share: checking an answer's form, and the words for refusals.

use soko_extension::pricing::{AdjustmentTarget, PriceAdjustment, PricingLine};
use soko_extension::{FailureKind, PluginFailure};

use crate::limits::{Limits, MESSAGE_BYTES_MAX, REASON_BYTES_MAX};
use crate::sandbox::one_line;

/// Bytes that an adjustment counts for beside its reason.
const ADJUSTMENT_BYTES: usize = 24;

/// An answer whose form is being checked: number, size, line ids and reasons. Whether the prices make sense is the
/// core's to say.
pub(super) struct Checked<'a> {
    adjustments: Vec<PriceAdjustment>,
    lines: &'a [PricingLine],
    adjustments_max: usize,
    bytes: usize,
    bytes_max: usize,
}

impl<'a> Checked<'a> {
    /// For an order with these lines.
    pub(super) fn new(lines: &'a [PricingLine], limits: &Limits) -> Self {
        Self {
            adjustments: Vec::new(),
            lines,
            adjustments_max: limits.adjustments,
            bytes: 0,
            bytes_max: limits.output_bytes,
        }
    }

    /// Takes the next adjustment.
    ///
    /// # Errors
    /// A failure of kind `Output` that says what is wrong with it.
    pub(super) fn push(&mut self, adjustment: PriceAdjustment) -> Result<(), PluginFailure> {
        let wrong = |what: String| Err(PluginFailure::new(FailureKind::Output, what));
        if self.adjustments.len() == self.adjustments_max {
            return wrong(format!("answered with more than {} adjustments", self.adjustments_max));
        }
        self.bytes = self.bytes.saturating_add(ADJUSTMENT_BYTES).saturating_add(adjustment.reason.len());
        if self.bytes > self.bytes_max {
            return wrong(format!("answered with more than {} bytes", self.bytes_max));
        }
        let number = self.adjustments.len() + 1;
        if let AdjustmentTarget::Line(id) = adjustment.target
            && !self.has_line(id)
        {
            return wrong(format!("adjustment {number} names line {id}, which the order does not have"));
        }
        let reason = adjustment.reason.as_str();
        if reason.len() > REASON_BYTES_MAX {
            return wrong(format!(
                "the reason of adjustment {number} has more than {REASON_BYTES_MAX} bytes"
            ));
        }
        if reason.trim().is_empty() || reason.chars().any(char::is_control) {
            return wrong(format!("the reason of adjustment {number} is empty or has control characters"));
        }
        self.adjustments.push(adjustment);
        Ok(())
    }

    /// Lines are named by their place, so the first look finds them.
    fn has_line(&self, id: u32) -> bool {
        let at_its_place = self.lines.get(id as usize).is_some_and(|line| line.id == id);
        at_its_place || self.lines.iter().any(|line| line.id == id)
    }

    /// The adjustments in the guest's order.
    pub(super) fn into_adjustments(self) -> Vec<PriceAdjustment> {
        self.adjustments
    }
}

/// The failure that a guest's own refusal is.
pub(super) fn refusal(name: &str, why: &str) -> PluginFailure {
    PluginFailure::new(FailureKind::Guest, format!("{name}: {}", one_line(why, MESSAGE_BYTES_MAX)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::pricing::trial_order;

    fn adjustment(target: AdjustmentTarget, reason: &str) -> PriceAdjustment {
        PriceAdjustment { target, amount: -1, reason: reason.to_owned() }
    }

    #[test]
    fn takes_a_well_formed_answer() {
        let order = trial_order();
        let mut checked = Checked::new(&order.lines, &Limits::default());
        checked.push(adjustment(AdjustmentTarget::Line(1), "bulk")).unwrap();
        checked.push(adjustment(AdjustmentTarget::Order, &"é".repeat(100))).unwrap();
        assert_eq!(checked.into_adjustments().len(), 2);
    }

    #[test]
    fn refuses_unknown_lines_bad_reasons_and_too_much() {
        let lines = trial_order().lines;
        let limits = Limits { adjustments: 1, ..Limits::default() };
        let refused = |line, reason: &str| {
            Checked::new(&lines, &limits).push(adjustment(line, reason)).unwrap_err().message
        };
        assert!(refused(AdjustmentTarget::Line(2), "x").contains("line 2"));
        assert!(refused(AdjustmentTarget::Order, " ").contains("empty"));
        assert!(refused(AdjustmentTarget::Order, "a\nb").contains("control"));
        assert!(refused(AdjustmentTarget::Order, &"x".repeat(201)).contains("200 bytes"));
        let mut full = Checked::new(&lines, &limits);
        full.push(adjustment(AdjustmentTarget::Order, "x")).unwrap();
        assert!(
            full.push(adjustment(AdjustmentTarget::Order, "x")).unwrap_err().message.contains("more than 1")
        );
        let small = Limits { output_bytes: 100, ..Limits::default() };
        let long = adjustment(AdjustmentTarget::Order, &"x".repeat(77));
        assert!(Checked::new(&lines, &small).push(long).unwrap_err().message.contains("100 bytes"));
    }
}
