import IPC
import Testing

@testable import bootstrap_agent

@Suite struct ClusterDesignTests {
    private func design(disks: Int, memoryGiB: Int64 = 16, deviceMapper: Bool = true, pull: Bool = true)
        -> ClusterDesign
    {
        ClusterDesign(
            choices: .test(disks: disks),
            configuration: Configuration(listen: "", image: .example, imagePull: pull),
            facts: MachineFacts(hostname: "n1", memoryBytes: memoryGiB << 30, hasDeviceMapper: deviceMapper))
    }

    private func setting(_ name: String, _ design: ClusterDesign) -> String? {
        design.settings.first { $0.name == name }?.value
    }

    @Test("keeps two copies where there are two disks") func copies() {
        #expect([1, 2, 3].map { design(disks: $0).poolSize } == [1, 2, 2])
        #expect(design(disks: 3).usableBytes == 15 << 30)
    }

    @Test("says in proper words what it does, and warns only of what the steps don't say") func words() {
        #expect(VerifyStep().summary(design(disks: 1)).contains("1 disk stores data"))
        #expect(VerifyStep().summary(design(disks: 2)).contains("2 disks store data"))
        #expect(OSDsStep().summary(design(disks: 2)).hasPrefix("Erase /dev/sda"))
        #expect(design(disks: 2).warnings == [])
    }

    @Test("allows and announces a single copy where there is one disk") func single() {
        let one = design(disks: 1)
        #expect(setting("mon_allow_pool_size_one", one) == "true")
        #expect(one.warnings.contains { $0.contains("all data is lost") })
        #expect(setting("mon_allow_pool_size_one", design(disks: 2)) == nil)
    }

    @Test(
        "gives the OSDs half of the memory, within Ceph's bounds",
        arguments: [(2, Int64(2), Int64(896 << 20)), (2, 8, 2 << 30), (1, 64, 4 << 30)])
    func memory(_ disks: Int, _ memoryGiB: Int64, _ expected: Int64) {
        #expect(setting("osd_memory_target", design(disks: disks, memoryGiB: memoryGiB)) == "\(expected)")
    }

    @Test("uses bare disks only where there is no device-mapper") func method() {
        #expect(design(disks: 1).osdMethod == [])
        #expect(design(disks: 1, deviceMapper: false).osdMethod == ["raw"])
    }

    @Test("asks for no digest of an image that no registry has") func digest() {
        #expect(setting("mgr/cephadm/use_repo_digest", design(disks: 2, pull: false)) == "false")
        #expect(setting("mgr/cephadm/use_repo_digest", design(disks: 2)) == nil)
    }

    @Test("writes what cephadm is given as its sections") func config() throws {
        var with = design(disks: 2)
        with = ClusterDesign(
            choices: {
                var choices = with.choices
                choices.publicNetwork = try! Network("10.77.0.0/24")
                return choices
            }(), configuration: Configuration(listen: "", image: .example, imagePull: false), facts: with.facts)
        #expect(
            BootstrapStep.config(with) == """
                [global]
                public_network = 10.77.0.0/24
                osd_crush_chooseleaf_type = 0
                osd_pool_default_size = 2
                [mon]
                mgr_initial_modules = iostat nfs
                auth_allow_insecure_global_id_reclaim = false
                mon_data_avail_warn = 5
                [osd]
                osd_memory_target_autotune = false
                osd_memory_target = 4294967296
                [mgr]
                mgr/cephadm/manage_etc_ceph_ceph_conf = true
                mgr/cephadm/use_repo_digest = false

                """)
    }

    @Test("reads memory, name and device-mapper off the node") func facts() throws {
        let node = FakeNode()
        #expect(
            try MachineFacts(node.files)
                == MachineFacts(hostname: "debian", memoryBytes: 8_192_000_000, hasDeviceMapper: false))
        node.put("/proc/misc", "234 btrfs-control\n236 device-mapper\n")
        #expect(try MachineFacts(node.files).hasDeviceMapper)
    }
}
