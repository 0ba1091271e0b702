/// Rows under a header, in columns as wide as what stands in them.
struct Table {
    let header: [String]
    let rows: [[String]]

    func lines(_ console: Console) -> [String] {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.enumerated().map { index, row in
            let cells = row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            let line = cells.joined(separator: "  ")
            return index == 0 ? console.bold(line) : line
        }
    }
}
