//! Tables of aligned columns.

use std::fmt;

use super::width::width;

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows of cells under a heading, printed with aligned columns.
#[derive(Clone, Debug)]
pub struct Grid {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

// === impl Grid ===

impl Grid {
    /// An empty table with these headings.
    pub fn new<T: Into<String>>(columns: impl IntoIterator<Item = (T, Align)>) -> Self {
        let columns = columns
            .into_iter()
            .map(|(name, align)| (name.into(), align));
        Self {
            columns: columns.collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; missing cells stay empty.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    fn widest(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| width(cell))
            .chain([width(&self.columns[column].0)])
            .max()
            .unwrap_or(0)
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::from(" ");
        for (i, (width_here, (_, align))) in widths.iter().zip(&self.columns).enumerate() {
            let cell = cells.get(i).map_or("", String::as_str);
            let gap = " ".repeat(width_here.saturating_sub(width(cell)));
            let (before, after) = match align {
                Align::Left => ("", gap.as_str()),
                Align::Right => (gap.as_str(), ""),
            };
            line += &format!(" {before}{cell}{after} ");
        }
        line.trim_end().to_owned()
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| self.widest(column))
            .collect();
        let heading: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        writeln!(formatter, "{}", self.line(&heading, &widths))?;
        let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
        writeln!(formatter, "{}", self.line(&rule, &widths))?;
        for row in &self.rows {
            writeln!(formatter, "{}", self.line(row, &widths))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_mixed_scripts_are_aligned() {
        let mut grid = Grid::new([("学校", Align::Left), ("pupils", Align::Right)]);
        grid.row(["南大街小学", "2268"]);
        grid.row(["Y", "7"]);
        let text = grid.to_string();
        let ends: Vec<usize> = text.lines().map(width).collect();
        assert_eq!(ends, [20, 20, 20, 20], "{text}");
    }
}
