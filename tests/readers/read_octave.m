% Prints time, loss and W of a group: octave read_octave.m FILE GROUP. Octave sees the
% axes in reverse, so its column-major order is the file's row-major order.
arguments = argv();
data = load(arguments{1}).(arguments{2});
for name = {"time", "loss", "W"}
    values = data.(name{1});
    extents = numel(values);
    if strcmp(name{1}, "W") % size() alone drops the time of a single row
        extents = [size(values, 3), size(values, 2), size(values, 1)];
    end
    printf("%s%s\n", name{1}, sprintf(" %d", extents));
    printf("%.17g\n", values);
end
