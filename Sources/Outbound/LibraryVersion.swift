import CCurl

/// The libcurl that this process runs with.
public enum OutboundLibrary {
    /// As in `7.88.1`.
    public static var version: String {
        String(cString: curl_version_info(CURLVERSION_FIRST).pointee.version)
    }
}
