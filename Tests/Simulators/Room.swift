import Hummingbird

enum Room {}
