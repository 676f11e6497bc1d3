//! The text of a real number, digit for digit as the Kusto engine prints it.
//!
//! The engine prints with Grisu2 (Loitsch 2010) and rounds its last digit only where few digits follow the
//! point: `0.1 + 0.2` is `0.30000000000000007`, a digit no shortest-and-nearest printer gives. The recorded
//! answers show it, so the algorithm is repeated here rather than approximated.

/// `inf`, `-inf`, `NaN`, `1.0`, `0.0001`, `1e21`.
pub fn real_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf".to_owned() } else { "-inf".to_owned() };
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value == 0.0 {
        return format!("{sign}0.0");
    }
    let (digits, exponent) = grisu(value.abs());
    format!("{sign}{}", lay_out(&digits, exponent))
}

/// Puts the point: plain digits from 1e-6 up to 1e21, an exponent outside.
fn lay_out(digits: &str, exponent: i32) -> String {
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let point = count + exponent;
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let split = |at: i32| digits.split_at_checked(usize::try_from(at).unwrap_or(0)).unwrap_or((digits, ""));
    if exponent >= 0 && point <= 21 {
        format!("{digits}{}.0", zeros(exponent))
    } else if point > 0 && point <= 21 {
        let (whole, fraction) = split(point);
        format!("{whole}.{fraction}")
    } else if point > -6 && point <= 0 {
        format!("0.{}{digits}", zeros(-point))
    } else {
        let (first, rest) = split(1);
        let dot = if rest.is_empty() { "" } else { "." };
        format!("{first}{dot}{rest}e{}", point - 1)
    }
}

#[derive(Clone, Copy)]
struct Scaled {
    fraction: u64,
    exponent: i32,
}

impl Scaled {
    fn normalized(self) -> Self {
        let shift = self.fraction.leading_zeros();
        Self { fraction: self.fraction << shift, exponent: self.exponent - shift.cast_signed() }
    }

    fn times(self, other: Self) -> Self {
        let product = u128::from(self.fraction) * u128::from(other.fraction);
        let rounded = (product >> 64) + (product >> 63 & 1);
        Self { fraction: rounded as u64, exponent: self.exponent + other.exponent + 64 }
    }
}

/// The digits of a positive number, and the power of ten they are to be multiplied by.
fn grisu(value: f64) -> (String, i32) {
    const HIDDEN: u64 = 1 << 52;
    let bits = value.to_bits();
    let biased = (bits >> 52 & 0x7ff) as i32;
    let significand = bits & (HIDDEN - 1);
    let exact = if biased == 0 {
        Scaled { fraction: significand, exponent: -1074 }
    } else {
        Scaled { fraction: significand + HIDDEN, exponent: biased - 1075 }
    };
    let upper = Scaled { fraction: (exact.fraction << 1) + 1, exponent: exact.exponent - 1 }.normalized();
    let (below, shift) =
        if exact.fraction == HIDDEN { ((exact.fraction << 2) - 1, 2) } else { ((exact.fraction << 1) - 1, 1) };
    let below_exponent = exact.exponent - shift;
    let lower = Scaled { fraction: below << (below_exponent - upper.exponent), exponent: upper.exponent };

    let wanted = f64::from(-61 - upper.exponent) * 0.301_029_995_663_981_14 + 347.0;
    let index = (wanted.ceil() as usize >> 3) + 1;
    let Some(&(fraction, exponent)) = POWERS.get(index) else { return (format!("{value}"), 0) };
    let power = Scaled { fraction, exponent };
    let decimal = 348 - i32::try_from(index << 3).unwrap_or(0);
    let middle = exact.normalized().times(power);
    let top = upper.times(power);
    let bottom = lower.times(power);
    let (top_fraction, delta) = (top.fraction - 1, top.fraction - bottom.fraction - 2);
    let (digits, kappa) = generate(top_fraction, top.exponent, top_fraction - middle.fraction, delta);
    (digits, decimal + kappa)
}

/// Digits of `top` until what remains is within `delta`.
fn generate(top: u64, exponent: i32, distance: u64, mut delta: u64) -> (String, i32) {
    let shift = -exponent;
    let one = 1_u64 << shift;
    let mut whole = top >> shift;
    let mut part = top & (one - 1);
    let mut digits: Vec<u8> = Vec::with_capacity(17);
    let mut kappa = if whole == 0 { 1 } else { whole.ilog10().cast_signed() + 1 };
    let push = |digits: &mut Vec<u8>, digit: u64| {
        if digit > 0 || !digits.is_empty() {
            digits.push(b'0' + digit as u8);
        }
    };
    while kappa > 0 {
        kappa -= 1;
        let unit = 10_u64.pow(kappa.unsigned_abs());
        push(&mut digits, whole / unit);
        whole %= unit;
        let rest = (whole << shift) + part;
        if rest <= delta {
            round(&mut digits, delta, rest, unit << shift, distance);
            return (String::from_utf8(digits).unwrap_or_default(), kappa);
        }
    }
    loop {
        part = part.wrapping_mul(10);
        delta = delta.wrapping_mul(10);
        push(&mut digits, part >> shift);
        part &= one - 1;
        kappa -= 1;
        if part < delta {
            // The engine's table of powers ends at 10^8; beyond it the last digit is not rounded.
            let scale = if kappa > -9 { 10_u64.pow(kappa.unsigned_abs()) } else { 0 };
            round(&mut digits, delta, part, one, distance.wrapping_mul(scale));
            return (String::from_utf8(digits).unwrap_or_default(), kappa);
        }
    }
}

/// Steps the last digit down while that brings the text nearer to the number.
fn round(digits: &mut [u8], delta: u64, mut rest: u64, unit: u64, distance: u64) {
    let Some(last) = digits.last_mut() else { return };
    while rest < distance
        && delta - rest >= unit
        && (rest + unit < distance || distance - rest > rest + unit - distance)
    {
        *last -= 1;
        rest += unit;
    }
}

/// 10^-348, 10^-340, … as 64-bit fractions and binary exponents.
#[rustfmt::skip]
const POWERS: [(u64, i32); 87] = [
    (0xfa8f_d5a0_081c_0288, -1220), (0xbaae_e17f_a23e_bf76, -1193), (0x8b16_fb20_3055_ac76, -1166), (0xcf42_894a_5dce_35ea, -1140),
    (0x9a6b_b0aa_5565_3b2d, -1113), (0xe61a_cf03_3d1a_45df, -1087), (0xab70_fe17_c79a_c6ca, -1060), (0xff77_b1fc_bebc_dc4f, -1034),
    (0xbe56_91ef_416b_d60c, -1007), (0x8dd0_1fad_907f_fc3c, -980), (0xd351_5c28_3155_9a83, -954), (0x9d71_ac8f_ada6_c9b5, -927),
    (0xea9c_2277_23ee_8bcb, -901), (0xaecc_4991_4078_536d, -874), (0x823c_1279_5db6_ce57, -847), (0xc210_9436_4dfb_5637, -821),
    (0x9096_ea6f_3848_984f, -794), (0xd774_85cb_2582_3ac7, -768), (0xa086_cfcd_97bf_97f4, -741), (0xef34_0a98_172a_ace5, -715),
    (0xb238_67fb_2a35_b28e, -688), (0x84c8_d4df_d2c6_3f3b, -661), (0xc5dd_4427_1ad3_cdba, -635), (0x936b_9fce_bb25_c996, -608),
    (0xdbac_6c24_7d62_a584, -582), (0xa3ab_6658_0d5f_daf6, -555), (0xf3e2_f893_dec3_f126, -529), (0xb5b5_ada8_aaff_80b8, -502),
    (0x8762_5f05_6c7c_4a8b, -475), (0xc9bc_ff60_34c1_3053, -449), (0x964e_858c_91ba_2655, -422), (0xdff9_7724_7029_7ebd, -396),
    (0xa6df_bd9f_b8e5_b88f, -369), (0xf8a9_5fcf_8874_7d94, -343), (0xb944_7093_8fa8_9bcf, -316), (0x8a08_f0f8_bf0f_156b, -289),
    (0xcdb0_2555_6531_31b6, -263), (0x993f_e2c6_d07b_7fac, -236), (0xe45c_10c4_2a2b_3b06, -210), (0xaa24_2499_6973_92d3, -183),
    (0xfd87_b5f2_8300_ca0e, -157), (0xbce5_0864_9211_1aeb, -130), (0x8cbc_cc09_6f50_88cc, -103), (0xd1b7_1758_e219_652c, -77),
    (0x9c40_0000_0000_0000, -50), (0xe8d4_a510_0000_0000, -24), (0xad78_ebc5_ac62_0000, 3), (0x813f_3978_f894_0984, 30),
    (0xc097_ce7b_c907_15b3, 56), (0x8f7e_32ce_7bea_5c70, 83), (0xd5d2_38a4_abe9_8068, 109), (0x9f4f_2726_179a_2245, 136),
    (0xed63_a231_d4c4_fb27, 162), (0xb0de_6538_8cc8_ada8, 189), (0x83c7_088e_1aab_65db, 216), (0xc45d_1df9_4271_1d9a, 242),
    (0x924d_692c_a61b_e758, 269), (0xda01_ee64_1a70_8dea, 295), (0xa26d_a399_9aef_774a, 322), (0xf209_787b_b47d_6b85, 348),
    (0xb454_e4a1_79dd_1877, 375), (0x865b_8692_5b9b_c5c2, 402), (0xc835_53c5_c896_5d3d, 428), (0x952a_b45c_fa97_a0b3, 455),
    (0xde46_9fbd_99a0_5fe3, 481), (0xa59b_c234_db39_8c25, 508), (0xf6c6_9a72_a398_9f5c, 534), (0xb7dc_bf53_54e9_bece, 561),
    (0x88fc_f317_f222_41e2, 588), (0xcc20_ce9b_d35c_78a5, 614), (0x9816_5af3_7b21_53df, 641), (0xe2a0_b5dc_971f_303a, 667),
    (0xa8d9_d153_5ce3_b396, 694), (0xfb9b_7cd9_a4a7_443c, 720), (0xbb76_4c4c_a7a4_4410, 747), (0x8bab_8eef_b640_9c1a, 774),
    (0xd01f_ef10_a657_842c, 800), (0x9b10_a4e5_e991_3129, 827), (0xe710_9bfb_a19c_0c9d, 853), (0xac28_20d9_623b_f429, 880),
    (0x8044_4b5e_7aa7_cf85, 907), (0xbf21_e440_03ac_dd2d, 933), (0x8e67_9c2f_5e44_ff8f, 960), (0xd433_179d_9c8c_b841, 986),
    (0x9e19_db92_b4e3_1ba9, 1013), (0xeb96_bf6e_badf_77d9, 1039), (0xaf87_023b_9bf0_ee6b, 1066),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prints_as_the_engine_recorded() {
        for (value, expected) in [
            (0.1 + 0.2, "0.30000000000000007"),
            (1.0 / 3.0, "0.3333333333333333"),
            (1.0, "1.0"),
            (1.5, "1.5"),
            (-0.0, "-0.0"),
            (100_000_000_000.0, "100000000000.0"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "NaN"),
            (123.456, "123.456"),
            (0.0001, "0.0001"),
            (1e-7, "1e-7"),
            (1.25e30, "1.25e30"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(real_text(value), expected);
        }
    }

    proptest! {
        #[test]
        fn the_text_reads_back_as_the_number(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(real_text(value).parse::<f64>().unwrap(), value);
        }
    }
}
