extension Shape {
    static let createApp = fields("app_name name org_slug network enable_subdomains")
    static let address = fields("type region org_slug network service_name")
    static let secrets = fields("values")
    static let secret = fields("value")
    static let createVolume = fields(
        """
        name region size_gb encrypted require_unique_zone unique_zone_app_wide snapshot_id source_volume_id \
        snapshot_retention auto_backup_enabled fstype compute_image
        """, ["compute": guest])
    static let updateVolume = fields("snapshot_retention auto_backup_enabled")
    static let extendVolume = fields("size_gb")
    static let stop = fields("signal timeout")
    static let signal = fields("signal")
    static let exec = fields("command cmd stdin timeout container")
    static let lease = fields("ttl description")
    static let metadata = fields("metadata machine_version updated_at")
    static let metadataKey = fields("value updated_at")
    static let placement = fields("org_slug compute count region volume_name volume_size_bytes weights")
    static let createMachine = fields(
        "name region skip_launch skip_service_registration lease_ttl min_secrets_version skip_secrets lsvd",
        ["config": config])
    static let updateMachine = fields(
        """
        name region current_version skip_launch skip_service_registration lease_ttl min_secrets_version \
        skip_secrets lsvd
        """, ["config": config])

    static let config = fields(
        """
        image env size metadata auto_destroy schedule standbys processes dns metrics statics containers rootfs \
        cache_drive disable_machine_autostart
        """,
        [
            "guest": guest,
            "init": fields("exec entrypoint cmd tty swap_size_mb kernel_args"),
            "mounts": .array(
                fields("volume path name encrypted extend_threshold_percent add_size_gb size_gb_limit size_gb")),
            "services": .array(service),
            "checks": .map(check),
            "restart": fields("policy max_retries gpu_bid_price"),
            "stop_config": fields("signal timeout"),
            "files": .array(fields("guest_path raw_value secret_name image_config mode")),
        ])

    private static let guest = fields(
        """
        cpu_kind cpus memory_mb persist_rootfs kernel_args gpu_kind gpus host_dedication_id max_memory_mb
        """)

    private static let check = fields(
        "type port interval timeout grace_period method path protocol headers tls_skip_verify tls_server_name kind")

    private static let service = fields(
        """
        protocol internal_port autostart autostop min_machines_running force_instance_key \
        force_instance_description
        """,
        [
            "ports": .array(
                fields(
                    """
                    port start_port end_port handlers force_https http_options tls_options proxy_proto_options
                    """)),
            "concurrency": fields("type soft_limit hard_limit"),
            "checks": .array(check),
        ])
}
