//! Exact decimal numbers: 128-bit digits and a scale.
//!
//! Quotients keep 20 digits after the point; where 128 bits do not hold a result, there is none.

use std::cmp::Ordering;
use std::fmt;

#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    digits: i128,
    scale: u32,
}

/// Digits kept after the point of a quotient.
const QUOTIENT_SCALE: u32 = 20;

impl Decimal {
    /// Reads `-12.50` and `1e-3`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let fraction = fraction.get(..fraction.len().min(30))?;
        let mut digits: i128 = format!("0{whole}{fraction}").parse().ok()?;
        if negative {
            digits = -digits;
        }
        let scale = i32::try_from(fraction.len()).ok()? - exponent;
        if let Ok(scale) = u32::try_from(scale) {
            return (scale <= 38).then(|| Self { digits, scale }.trimmed());
        }
        let digits = digits.checked_mul(10_i128.checked_pow(scale.unsigned_abs())?)?;
        Some(Self { digits, scale: 0 })
    }

    pub fn from_real(value: f64) -> Option<Self> {
        value.is_finite().then(|| Self::parse(&format!("{value}")))?
    }

    pub fn to_real(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// Without what stands after the point.
    pub fn to_long(self) -> Option<i64> {
        i64::try_from(self.digits / 10_i128.checked_pow(self.scale)?).ok()
    }

    fn trimmed(mut self) -> Self {
        while self.scale > 0 && self.digits % 10 == 0 {
            self.digits /= 10;
            self.scale -= 1;
        }
        self
    }

    /// The digits at a scale not less than the number's own.
    fn at(self, scale: u32) -> Option<i128> {
        self.digits.checked_mul(10_i128.checked_pow(scale.checked_sub(self.scale)?)?)
    }

    pub const fn negated(self) -> Self {
        Self { digits: -self.digits, scale: self.scale }
    }

    pub const fn magnitude(self) -> Self {
        Self { digits: self.digits.abs(), scale: self.scale }
    }

    pub fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let digits = self.at(scale)?.checked_add(other.at(scale)?)?;
        Some(Self { digits, scale }.trimmed())
    }

    pub fn times(self, other: Self) -> Option<Self> {
        let digits = self.digits.checked_mul(other.digits)?;
        Some(Self { digits, scale: self.scale + other.scale }.trimmed())
    }

    pub fn over(self, other: Self) -> Option<Self> {
        if other.digits == 0 {
            return None;
        }
        (0..=QUOTIENT_SCALE).rev().find_map(|extra| {
            let digits =
                self.at(self.scale.max(other.scale) + extra)?.checked_div(other.at(self.scale.max(other.scale))?)?;
            Some(Self { digits, scale: extra }.trimmed())
        })
    }

    pub fn modulo(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let digits = self.at(scale)?.checked_rem_euclid(other.at(scale)?)?;
        Some(Self { digits, scale }.trimmed())
    }

    /// The greatest multiple of `size` not above.
    pub fn floored_to(self, size: Self) -> Option<Self> {
        if size.digits <= 0 {
            return None;
        }
        self.plus(self.modulo(size)?.negated())
    }

    /// One at this many digits after the point; before it where there are fewer than none.
    pub fn unit(digits: i64) -> Option<Self> {
        match u32::try_from(digits) {
            Ok(scale) => (scale <= 38).then_some(Self { digits: 1, scale }),
            Err(_) => {
                let power = u32::try_from(digits.checked_neg()?).ok()?;
                Some(Self { digits: 10_i128.checked_pow(power)?, scale: 0 })
            }
        }
    }

    /// To a number of digits after the point; halves go away from zero.
    pub fn rounded(self, digits: i64) -> Option<Self> {
        if digits >= i64::from(self.scale) {
            return Some(self);
        }
        let unit = Self::unit(digits)?;
        let half = Self { digits: 5, scale: 0 }.times(Self::unit(digits.checked_add(1)?)?)?;
        let size = self.magnitude().plus(half)?.floored_to(unit)?;
        Some(if self.digits < 0 { size.negated() } else { size })
    }

    pub fn compare(self, other: Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        match (self.at(scale), other.at(scale)) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => self.to_real().total_cmp(&other.to_real()),
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let size = self.digits.unsigned_abs();
        if self.scale == 0 {
            return write!(formatter, "{sign}{size}");
        }
        let unit = 10_u128.pow(self.scale.min(38));
        let width = usize::try_from(self.scale).unwrap_or(0);
        write!(formatter, "{sign}{}.{:0width$}", size / unit, size % unit)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn calculates_exactly() {
        assert_eq!(of("0.1").plus(of("0.2")).unwrap().to_string(), "0.3");
        assert_eq!(of("1").over(of("3")).unwrap().to_string(), "0.33333333333333333333");
        assert_eq!(of("-7.5").modulo(of("2")).unwrap().to_string(), "0.5");
        assert_eq!(of("1.5e3").to_string(), "1500");
        assert_eq!(of("-0.05").to_string(), "-0.05");
        assert_eq!(of("1.50").compare(of("1.5")), Ordering::Equal);
        assert_eq!(of("-2.5").floored_to(of("1")).unwrap().to_string(), "-3");
        assert!(of("1").over(of("0")).is_none());
        assert!(Decimal::parse("1.x").is_none());
        assert!(Decimal::parse("").is_none());
    }
}
