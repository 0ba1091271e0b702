import IPC

extension Plan {
    /// What a bootstrap of this design would do; nothing is done to find out.
    init(_ design: ClusterDesign, _ known: PlanValues) {
        self.init(
            steps: BootstrapPhase.allCases.map { phase in
                PlanStep(
                    phase: phase, summary: phase.step.summary(design),
                    commands: phase.step.commands(design, known).map(\.argv))
            },
            rawBytes: design.rawBytes, usableBytes: design.usableBytes, poolSize: design.poolSize,
            warnings: design.warnings)
    }
}
