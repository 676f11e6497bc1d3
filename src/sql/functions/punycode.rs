//! Punycode (RFC 3492): labels of international domain names.

const BASE: u32 = 36;
const FIRST_BIAS: u32 = 72;
const FIRST_CODE: u32 = 128;

fn adapted(delta: u32, count: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut steps = 0;
    while delta > 455 {
        delta /= BASE - 1;
        steps += BASE;
    }
    steps + BASE * delta / (delta + 38)
}

const fn threshold(position: u32, bias: u32) -> u32 {
    if position <= bias {
        1
    } else if position >= bias + 26 {
        26
    } else {
        position - bias
    }
}

pub(super) fn decode(code: &str) -> Option<String> {
    let (basic, extended) = code.rsplit_once('-').unwrap_or(("", code));
    let mut text: Vec<char> = basic.chars().collect();
    basic.is_ascii().then_some(())?;
    let (mut point, mut place, mut bias) = (FIRST_CODE, 0_u32, FIRST_BIAS);
    let mut digits = extended.bytes().peekable();
    while digits.peek().is_some() {
        let start = place;
        let mut weight = 1_u32;
        let mut position = BASE;
        loop {
            let digit = u32::from(match digits.next()? {
                byte @ b'a'..=b'z' => byte - b'a',
                byte @ b'A'..=b'Z' => byte - b'A',
                byte @ b'0'..=b'9' => byte - b'0' + 26,
                _ => return None,
            });
            place = place.checked_add(digit.checked_mul(weight)?)?;
            let limit = threshold(position, bias);
            if digit < limit {
                break;
            }
            weight = weight.checked_mul(BASE - limit)?;
            position += BASE;
        }
        let count = u32::try_from(text.len()).ok()? + 1;
        bias = adapted(place - start, count, start == 0);
        point = point.checked_add(place / count)?;
        place %= count;
        text.insert(usize::try_from(place).ok()?, char::from_u32(point)?);
        place += 1;
    }
    Some(text.into_iter().collect())
}

pub(super) fn encode(text: &str) -> Option<String> {
    let points: Vec<u32> = text.chars().map(u32::from).collect();
    let mut code: String = text.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(code.len()).ok()?;
    if basic > 0 {
        code.push('-');
    }
    let (mut next, mut delta, mut bias, mut done) = (FIRST_CODE, 0_u32, FIRST_BIAS, basic);
    while usize::try_from(done).ok()? < points.len() {
        let least = points.iter().copied().filter(|point| *point >= next).min()?;
        delta = delta.checked_add((least - next).checked_mul(done + 1)?)?;
        next = least;
        for point in &points {
            if *point < next {
                delta = delta.checked_add(1)?;
            }
            if *point == next {
                let mut rest = delta;
                let mut position = BASE;
                loop {
                    let limit = threshold(position, bias);
                    if rest < limit {
                        break;
                    }
                    code.push(digit(limit + (rest - limit) % (BASE - limit))?);
                    rest = (rest - limit) / (BASE - limit);
                    position += BASE;
                }
                code.push(digit(rest)?);
                bias = adapted(delta, done + 1, done == basic);
                delta = 0;
                done += 1;
            }
        }
        delta += 1;
        next += 1;
    }
    Some(code)
}

fn digit(value: u32) -> Option<char> {
    char::from_digit(if value < 26 { value + 10 } else { value - 26 }, BASE)
}
