/// Reads a type's schema by decoding it from nothing: what `init(from:)` asks for is what the type is made of.
/// Every leaf is answered with an example, so that an example of the whole comes out as well.
enum SchemaReader {
    static func read<T: Decodable>(_ type: T.Type) -> (schema: Schema, example: T) {
        if let leaf = leaf(type) { return leaf }
        let reader = Reader()
        do {
            let example = try T(from: reader)
            return (reader.found ?? .object([]), example)
        } catch {
            fatalError("\(type) has no schema of its own and none can be derived: make it Described (\(error))")
        }
    }

    /// Standard types and those that describe themselves.
    private static func leaf<T>(_ type: T.Type) -> (schema: Schema, example: T)? {
        if let described = type as? any Described.Type {
            return (described.schema, described.example as! T)
        }
        let known: (Schema, Any)? =
            switch type {
            case is String.Type: (.string(), "text")
            case is Bool.Type: (.boolean, false)
            case is Double.Type: (.number, 0.5)
            case is Int.Type: (.integer(), 1)
            case is Int64.Type: (.integer(), Int64(1))
            case is UInt16.Type: (.integer(minimum: 0, maximum: 65535), UInt16(1))
            case is UInt32.Type: (.integer(minimum: 0, maximum: Int64(UInt32.max)), UInt32(1))
            default: nil
            }
        return known.map { ($0.0, $0.1 as! T) }
    }
}

private final class Reader: Decoder {
    var found: Schema?
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        if Key(stringValue: "any key at all") != nil, Key(intValue: 7) != nil { // Dictionary's own key type
            return KeyedDecodingContainer(MapReader<Key>(reader: self))
        }
        found = found ?? .object([])
        return KeyedDecodingContainer(ObjectReader<Key>(reader: self))
    }

    func unkeyedContainer() -> any UnkeyedDecodingContainer { ArrayReader(reader: self) }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw Underivable() }

    func add(_ name: String, _ schema: Schema, isRequired: Bool) {
        guard case .object(let properties) = found ?? .object([]) else { return }
        let property = Schema.Property(name: WireCoding.snakeCase(name), schema: schema, isRequired: isRequired)
        found = .object(properties + [property])
    }
}

private struct Underivable: Error {}

private struct ObjectReader<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let reader: Reader
    let codingPath: [any CodingKey] = []
    let allKeys: [Key] = []

    func contains(_ key: Key) -> Bool { true }
    func decodeNil(forKey key: Key) -> Bool { false }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) -> T { read(type, key, isRequired: true) }
    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) -> T? { read(type, key, isRequired: false) }
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) -> Bool? { read(type, key, isRequired: false) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) -> String? { read(type, key, isRequired: false) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) -> Double? { read(type, key, isRequired: false) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) -> Int? { read(type, key, isRequired: false) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) -> Int64? { read(type, key, isRequired: false) }
    func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) -> UInt16? { read(type, key, isRequired: false) }
    func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) -> UInt32? { read(type, key, isRequired: false) }

    private func read<T: Decodable>(_ type: T.Type, _ key: Key, isRequired: Bool) -> T {
        let (schema, example) = SchemaReader.read(type)
        reader.add(key.stringValue, schema, isRequired: isRequired)
        return example
    }

    func nestedContainer<N: CodingKey>(keyedBy: N.Type, forKey: Key) throws -> KeyedDecodingContainer<N> {
        throw Underivable()
    }
    func nestedUnkeyedContainer(forKey: Key) throws -> any UnkeyedDecodingContainer { throw Underivable() }
    func superDecoder() throws -> any Decoder { throw Underivable() }
    func superDecoder(forKey: Key) throws -> any Decoder { throw Underivable() }
}

private struct MapReader<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let reader: Reader
    let codingPath: [any CodingKey] = []
    var allKeys: [Key] { [Key(stringValue: "name")!] }

    func contains(_ key: Key) -> Bool { true }
    func decodeNil(forKey key: Key) -> Bool { false }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) -> T {
        let (schema, example) = SchemaReader.read(type)
        reader.found = .map(schema)
        return example
    }
    func nestedContainer<N: CodingKey>(keyedBy: N.Type, forKey: Key) throws -> KeyedDecodingContainer<N> {
        throw Underivable()
    }
    func nestedUnkeyedContainer(forKey: Key) throws -> any UnkeyedDecodingContainer { throw Underivable() }
    func superDecoder() throws -> any Decoder { throw Underivable() }
    func superDecoder(forKey: Key) throws -> any Decoder { throw Underivable() }
}

/// An array of one example.
private struct ArrayReader: UnkeyedDecodingContainer {
    let reader: Reader
    let codingPath: [any CodingKey] = []
    let count: Int? = 1
    private(set) var currentIndex = 0
    var isAtEnd: Bool { currentIndex > 0 }

    init(reader: Reader) { self.reader = reader }

    mutating func decodeNil() -> Bool { false }
    mutating func decode<T: Decodable>(_ type: T.Type) -> T {
        let (schema, example) = SchemaReader.read(type)
        reader.found = .array(schema)
        currentIndex += 1
        return example
    }
    mutating func nestedContainer<N: CodingKey>(keyedBy: N.Type) throws -> KeyedDecodingContainer<N> {
        throw Underivable()
    }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Underivable() }
    mutating func superDecoder() throws -> any Decoder { throw Underivable() }
}
