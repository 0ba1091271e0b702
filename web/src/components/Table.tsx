import type { ReactNode } from "react";

export interface Column<Row> {
    title: string;
    cell(row: Row): ReactNode;
    isNumber?: boolean;
}

/** A table that turns into a list of cards on a phone; the explicit roles keep its meaning there. */
export function Table<Row>(props: {
    label: string; columns: Column<Row>[]; rows: Row[]; rowKey(row: Row): string | number; empty: string;
}) {
    if (props.rows.length === 0) return <p className="empty">{props.empty}</p>;
    return (
        <table role="table" aria-label={props.label}>
            <thead role="rowgroup">
                <tr role="row">
                    {props.columns.map((column) => (
                        <th key={column.title} role="columnheader" scope="col"
                            className={column.isNumber ? "number" : undefined}>{column.title}</th>
                    ))}
                </tr>
            </thead>
            <tbody role="rowgroup">
                {props.rows.map((row) => (
                    <tr key={props.rowKey(row)} role="row">
                        {props.columns.map((column) => (
                            <td key={column.title} role="cell" data-label={column.title}
                                className={column.isNumber ? "number" : undefined}>{column.cell(row)}</td>
                        ))}
                    </tr>
                ))}
            </tbody>
        </table>
    );
}
