namespace UploadHelper.Tests.Arduino.Hosts;

/// <summary>The keys of a properties file as a host holds them. Written apart from the program's own reader, to judge it and the overlays.</summary>
internal sealed class PropertyMap
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];

    public IReadOnlyList<string> Keys => _order;

    public string? this[string key]
    {
        get => _values.GetValueOrDefault(key);
        set
        {
            if (!_values.ContainsKey(key))
            {
                _order.Add(key);
            }

            _values[key] = value!;
        }
    }

    public bool Has(string key) => _values.ContainsKey(key);

    public void Merge(PropertyMap other)
    {
        foreach (var key in other._order)
        {
            this[key] = other._values[key];
        }
    }

    public PropertyMap SubTree(string root)
    {
        var result = new PropertyMap();
        foreach (var key in _order.Where(k => k.StartsWith(root + ".", StringComparison.Ordinal)))
        {
            result[key[(root.Length + 1)..]] = _values[key];
        }

        return result;
    }

    /// <summary>The first parts of the keys, in their order.</summary>
    public IEnumerable<string> FirstLevel() => _order.Select(k => k.Split('.')[0]).Distinct();

    /// <summary>Both hosts: every {key} by its value, for up to ten rounds.</summary>
    public string Expand(string text)
    {
        for (var round = 0; round < 10; round++)
        {
            var before = text;
            foreach (var key in _order)
            {
                text = text.Replace("{" + key + "}", _values[key], StringComparison.Ordinal);
            }

            if (text == before)
            {
                break;
            }
        }

        return text;
    }
}
