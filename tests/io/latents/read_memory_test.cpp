// Reading a latent file takes at most four times the memory of its values.
#include "storage_fixture.h"
#include "support/heap_peak.h"

namespace orrery {
namespace {

class ReadMemory : public StorageTest {
 protected:
  void expect_bounded(const LatentFile& file) const {
    const std::filesystem::path path = folder_ / "a.h5";
    write_latents(path, file);
    const HeapPeak peak;
    const LatentFile read = read_latents(path);
    std::int64_t values = std::ssize(read.latents.at(Stream::Video).values);
    if (read.running) values += 3 * std::ssize(read.latents.at(Stream::Video).values);
    std::printf("%.1f MB, %.2f times the values\n", 1e-6 * static_cast<double>(peak.bytes()),
                static_cast<double>(peak.bytes()) / static_cast<double>(4 * values));
    EXPECT_LE(peak.bytes(), kFixedBytes + 4 * 4 * values);
  }

 private:
  // HDF5's own caches of chunks and metadata.
  static constexpr std::int64_t kFixedBytes = std::int64_t{8} << 20;
};

TEST_F(ReadMemory, OfLatentsAndSnapshots) {
  LatentFile file;
  file.latents[Stream::Video] = make_array({1, 48, 8, 45, 80}, -1);
  file.timesteps = {900, 600, 300};
  file.sigmas = {0.9F, 0.6F, 0.3F, 0};
  expect_bounded(file);
  file.state = LatentFile::State::Running;
  file.running = RunningState{2, {{Stream::Video, make_history(file.latents.at(Stream::Video).shape, 1)}}};
  expect_bounded(file);
}

}  // namespace
}  // namespace orrery
