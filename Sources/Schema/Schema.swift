/// The migrations under `sql/`, compiled into the binary in the order of their numbers.
public enum Schema {
    /// File name (`NNNN_subject.sql`) and text of every migration, ascending.
    public static var files: [(name: String, text: String)] { embeddedFiles }
}
