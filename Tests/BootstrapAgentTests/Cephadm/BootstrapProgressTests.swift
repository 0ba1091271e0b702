import Testing

@testable import bootstrap_agent

@Suite struct BootstrapProgressTests {
    @Test(
        "rises from nothing to all over a real bootstrap, whichever stream it writes to",
        arguments: ["bootstrap-success", "bootstrap-success-18.2.7"])
    func success(_ name: String) {
        var progress = BootstrapProgress()
        let steps = Fixture.text("cephadm/\(name).txt").split(separator: "\n").compactMap { progress.line(String($0)) }
        #expect(steps.count >= 18)
        #expect(steps.map(\.fraction) == steps.map(\.fraction).sorted())
        #expect(steps.last == PhaseProgress(activity: "cephadm: the cluster is made", fraction: 1))
    }

    @Test("stays where cephadm stopped") func failure() {
        var progress = BootstrapProgress()
        for line in RecordedRun("bootstrap-no-sshd").errorOutput.split(separator: "\n") {
            _ = progress.line(String(line))
        }
        #expect(progress.fraction == 0.8)
    }

    @Test("takes no notice of other lines") func noise() {
        var progress = BootstrapProgress()
        for line in ["", "/usr/bin/ceph: stderr mon is available", "monitors"] { #expect(progress.line(line) == nil) }
    }
}
