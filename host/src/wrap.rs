//! Text broken into lines at its joints, so that no word, id or name of a table is cut in the middle.

/// Characters after which a word may be broken.
const JOINTS: &str = "_/-";

/// The widths of columns whose cells together take at most `room`: first what no cell can do without, then from the
/// first column on what its widest line would like to have.
pub(crate) fn widths(rows: &[Vec<String>], room: usize) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widest = |column: usize, measure: &dyn Fn(&str) -> usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.lines().map(measure).max().unwrap_or_default()).max().unwrap_or_default()
    };
    let piece = |line: &str| pieces(line).map(|piece| length(piece.trim_end())).max().unwrap_or_default();
    let mut widths: Vec<usize> = (0..columns).map(|column| widest(column, &piece)).collect();
    let mut left = room.saturating_sub(widths.iter().sum());
    for (column, width) in widths.iter_mut().enumerate() {
        let more = widest(column, &length).saturating_sub(*width).min(left);
        *width += more;
        left -= more;
    }
    widths
}

/// `text` in lines of at most `width` characters, unless one piece of it is longer.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let lines: Vec<String> = text.lines().map(|line| wrapped_line(line, width)).collect();
    lines.join("\n")
}

fn wrapped_line(line: &str, width: usize) -> String {
    let (mut text, mut columns) = (String::new(), 0);
    for piece in pieces(line) {
        if columns > 0 && columns + length(piece.trim_end()) > width {
            text.truncate(text.trim_end().len());
            text.push('\n');
            columns = 0;
        }
        text.push_str(piece);
        columns += length(piece);
    }
    text.truncate(text.trim_end().len());
    text
}

/// The parts of a line that stay whole, each with the blank or joint that ends it. Between digits there is no joint: a
/// time such as `2026-11-24T08:00:00Z` stays whole.
fn pieces(line: &str) -> impl Iterator<Item = &str> {
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let is_end = move |at: usize, c: char| {
        let is_inside =
            || is_digit(line[..at].chars().next_back()) && is_digit(line[at + c.len_utf8()..].chars().next());
        c == ' ' || (JOINTS.contains(c) && !is_inside())
    };
    let ends = line.char_indices().filter(move |(at, c)| is_end(*at, *c)).map(|(at, c)| at + c.len_utf8());
    let mut start = 0;
    let pieces = ends.chain([line.len()]).map(move |end| &line[std::mem::replace(&mut start, end)..end]);
    pieces.filter(|piece| !piece.is_empty())
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_blanks_and_joints() {
        assert_eq!(wrapped("store_v2_orders_read_only", 16), "store_v2_orders_\nread_only");
        assert_eq!(wrapped("Get the store's information", 15), "Get the store's\ninformation");
        assert_eq!(wrapped("one\ntwo three", 5), "one\ntwo\nthree");
        assert_eq!(wrapped("information", 4), "information");
        assert_eq!(wrapped("", 4), "");
        assert_eq!(wrapped("since 2026-11-24T08:00:00Z", 8), "since\n2026-11-24T08:00:00Z");
        assert_eq!(wrapped("order/250-ä", 2), "order/\n250-\nä");
    }

    #[test]
    fn no_column_is_narrower_than_its_longest_word_and_the_first_gets_what_is_left() {
        let rows = [vec!["shop/get-order".to_owned(), "a_long_word here".to_owned()]];
        assert_eq!(widths(&rows, 12), [7, 5]);
        assert_eq!(widths(&rows, 16), [11, 5]);
        assert_eq!(widths(&rows, 99), [14, 16]);
        assert_eq!(widths(&rows, 3), [5, 5]);
    }
}
