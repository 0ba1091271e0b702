import IPC

/// The manual pages: aquariumctl(1), and one for each command that does something.
struct Manual {
    /// File name and text of each page, in order.
    let pages: [(name: String, text: String)]

    /// When what the pages say by themselves was last changed.
    private static let date = ["November", "25,", "2026"]

    init(_ tool: ToolInfo) {
        let leaves = Self.leaves(tool.command, [])
        pages =
            [("\(tool.command.commandName).1", Self.overview(tool.command, leaves))]
            + leaves.map { path, command in
                (path.joined(separator: "-") + ".1", Self.page(path, command))
            }
    }

    private static func leaves(
        _ command: ToolInfo.Command, _ above: [String]
    ) -> [(path: [String], command: ToolInfo.Command)] {
        let path = above + [command.commandName]
        return command.shown.isEmpty ? [(path, command)] : command.shown.flatMap { leaves($0, path) }
    }

    private static func begin(_ page: inout Mdoc, _ name: String, _ summary: String?) {
        page.raw("Dd \(date.joined(separator: " "))")
        page.raw("Dt \(Mdoc.escaped(name.uppercased())) 1")
        page.raw("Os aquarium \(Version.current)")
        page.raw("Sh NAME")
        page.raw("Nm \(Mdoc.escaped(name))")
        page.raw("Nd " + Mdoc.escaped(String((summary ?? name).prefix { $0 != "." })))
    }

    // MARK: aquariumctl(1)

    private static func overview(
        _ root: ToolInfo.Command, _ leaves: [(path: [String], command: ToolInfo.Command)]
    ) -> String {
        var page = Mdoc()
        begin(&page, root.commandName, root.abstract)
        page.raw("Sh SYNOPSIS")
        page.raw("Nm")
        page.raw("Ar command")
        page.raw("Op Ar options")
        page.raw("Sh DESCRIPTION")
        page.prose(root.abstract ?? "")
        page.prose("Each command has a manual page of its own, and tells of itself with --help.")
        page.raw("Sh COMMANDS")
        page.raw("Bl -tag -width Ds")
        for (path, command) in leaves {
            page.raw("It Xr \(path.joined(separator: "-")) 1")
            page.sentences(command.abstract ?? "")
        }
        page.raw("El")
        end(&page)
        page.raw("Sh EXAMPLES")
        page.prose(examples)
        page.raw("Sh SEE ALSO")
        page.raw("Xr journalctl 1 ,")
        page.raw("Xr systemctl 1")
        return page.text
    }

    private static let examples = """
        How the cluster is, for a person and for a script:

          aquariumctl cluster status
          aquariumctl cluster status --json

        The plan for the choices that the node itself proposes:

          aquariumctl requirements check --json | jq .defaults | aquariumctl bootstrap plan --choices -
        """

    // MARK: one command

    private static func page(_ path: [String], _ command: ToolInfo.Command) -> String {
        var page = Mdoc()
        begin(&page, path.joined(separator: "-"), command.abstract)
        page.raw("Sh SYNOPSIS")
        page.raw("Nm " + path.joined(separator: " "))
        for argument in command.shownArguments where argument.kind == .positional {
            page.raw("Ar \(Mdoc.word(argument.valueName ?? "value"))")
        }
        page.raw("Op Ar options")
        page.raw("Sh DESCRIPTION")
        page.prose(command.abstract ?? "")
        page.prose(command.discussion ?? "")
        page.raw("Sh OPTIONS")
        page.raw("Bl -tag -width Ds")
        for argument in command.shownArguments { describe(argument, &page) }
        page.raw("El")
        end(&page)
        page.raw("Sh SEE ALSO")
        page.raw("Xr \(path[0]) 1")
        return page.text
    }

    private static func describe(_ argument: ToolInfo.Argument, _ page: inout Mdoc) {
        let names = (argument.names ?? []).map { "Fl " + ($0.kind == .long ? "\\-" : "") + Mdoc.escaped($0.name) }
        let value = argument.kind == .flag ? [] : ["Ar \(Mdoc.word(argument.valueName ?? "value"))"]
        page.raw("It " + ([names.joined(separator: " , ")].filter { !$0.isEmpty } + value).joined(separator: " "))
        page.sentences(argument.abstract ?? "")
        if let value = argument.defaultValue { page.sentences("The default is \(value).") }
    }

    // MARK: what all pages end with

    private static func end(_ page: inout Mdoc) {
        page.raw("Sh ENVIRONMENT")
        page.raw("Bl -tag -width Ds")
        page.raw("It Ev NO_COLOR")
        page.sentences("If it is set and not empty, nothing is printed bold or in colour.")
        page.raw("El")
        page.raw("Sh FILES")
        page.raw("Bl -tag -width Ds")
        page.raw("It Pa /run/aquarium/*.sock")
        page.sentences("The agents' sockets, which root may open.")
        page.raw("El")
        page.raw("Sh EXIT STATUS")
        page.sentences("0 when it is done, 1 when it was refused or failed, 2 when the arguments were not understood.")
    }
}
