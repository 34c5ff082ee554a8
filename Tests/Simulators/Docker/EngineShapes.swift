/// Request bodies of the Engine API (specification of 1.41).
extension Shape {
    static let createContainer = fields(
        """
        Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin StdinOnce Env Cmd \
        ArgsEscaped Image Volumes WorkingDir Entrypoint NetworkDisabled MacAddress OnBuild Labels StopSignal \
        StopTimeout Shell
        """,
        [
            "Healthcheck": fields("Test Interval Timeout Retries StartPeriod StartInterval"),
            "HostConfig": hostConfig,
            "NetworkingConfig": fields("EndpointsConfig"),
        ])
    static let updateContainer = fields(resources, ["RestartPolicy": restartPolicy])
    static let createExec = fields(
        "AttachStdin AttachStdout AttachStderr DetachKeys Tty Env Cmd Privileged User WorkingDir ConsoleSize")
    static let startExec = fields("Detach Tty ConsoleSize")
    static let createNetwork = fields(
        "Name CheckDuplicate Driver Internal Attachable Ingress IPAM EnableIPv6 Options Labels Scope ConfigOnly")
    static let newVolume = fields("Name Driver DriverOpts Labels")

    private static let restartPolicy = fields("Name MaximumRetryCount")
    private static let resources =
        """
        CpuShares Memory CgroupParent BlkioWeight BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps \
        BlkioDeviceReadIOps BlkioDeviceWriteIOps CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime CpusetCpus \
        CpusetMems Devices DeviceCgroupRules DeviceRequests KernelMemory KernelMemoryTCP MemoryReservation \
        MemorySwap MemorySwappiness NanoCpus OomKillDisable Init PidsLimit Ulimits
        """
    private static let hostConfig = fields(
        resources + """
             Binds ContainerIDFile NetworkMode PortBindings AutoRemove VolumeDriver VolumesFrom CapAdd CapDrop \
            CgroupnsMode Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links OomScoreAdj PidMode \
            Privileged PublishAllPorts ReadonlyRootfs SecurityOpt StorageOpt Tmpfs UTSMode UsernsMode ShmSize Sysctls \
            Runtime ConsoleSize Isolation MaskedPaths ReadonlyPaths Annotations
            """,
        [
            "LogConfig": fields("Type Config"),
            "RestartPolicy": restartPolicy,
            "Mounts": .array(
                fields("Target Source Type ReadOnly Consistency BindOptions VolumeOptions TmpfsOptions")),
        ])
}
