#include <hdf5.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <random>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/latents/hdf5.h"
#include "io/latents/latent_listing.h"
#include "storage_fixture.h"
#include "support/cpu_time.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

// A latent file in the format of other programs, with one declaration that the reader must not trust.
class HostileFiles : public StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    path_ = folder_ / "a.h5";
  }

  // An HDF5 file with the attributes of a latent file, in the format version `oldest`.
  hdf5::File begin(H5F_libver_t oldest = H5F_LIBVER_EARLIEST) const {
    const hdf5::PropertyList access(H5Pcreate(H5P_FILE_ACCESS));
    H5Pset_libver_bounds(access.get(), oldest, H5F_LIBVER_V110);
    hdf5::File file(H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()));
    text(file, "format", "orrery-latents");
    text(file, "state", "complete");
    const hdf5::Dataspace scalar(H5Screate(H5S_SCALAR));
    const hdf5::Attribute version(
        H5Acreate2(file.get(), "version", H5T_STD_I32LE, scalar.get(), H5P_DEFAULT, H5P_DEFAULT));
    const int one = 1;
    H5Awrite(version.get(), H5T_NATIVE_INT, &one);
    const hdf5::Group latents(H5Gcreate2(file.get(), "/latents", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    return file;
  }

  // A text of variable length, as h5py writes them.
  static void text(const hdf5::File& file, const char* name, const char* value) {
    const hdf5::Datatype type(H5Tcopy(H5T_C_S1));
    H5Tset_size(type.get(), H5T_VARIABLE);
    const hdf5::Dataspace scalar(H5Screate(H5S_SCALAR));
    const hdf5::Attribute made(H5Acreate2(file.get(), name, type.get(), scalar.get(), H5P_DEFAULT, H5P_DEFAULT));
    H5Awrite(made.get(), type.get(), static_cast<const void*>(&value));
  }

  static hdf5::Dataset dataset(const hdf5::File& file, const char* name, hid_t type, const std::vector<hsize_t>& shape,
                               hid_t properties = H5P_DEFAULT) {
    const hdf5::Dataspace space(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr));
    return hdf5::Dataset(H5Dcreate2(file.get(), name, type, space.get(), H5P_DEFAULT, properties, H5P_DEFAULT));
  }

  static void write_zeros(const hdf5::Dataset& dataset, std::size_t bytes) {
    const std::vector<char> zeros(bytes);
    const hdf5::Datatype type(H5Dget_type(dataset.get()));
    EXPECT_GE(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, zeros.data()), 0);
  }

  static hdf5::PropertyList chunked(const std::vector<hsize_t>& chunk) {
    hdf5::PropertyList properties(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_chunk(properties.get(), static_cast<int>(chunk.size()), chunk.data());
    return properties;
  }

  void expect_refused(const std::string& reason) const {
    const auto is_named = [&] { return AllOf(StartsWith(path_.string() + ": "), HasSubstr(reason)); };
    EXPECT_THAT([&] { read_latents(path_); }, ThrowsMessage<InputError>(is_named()));
  }

  void patch(std::size_t at, const std::string& bytes) const {
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(at));
    file << bytes;
  }

  std::filesystem::path path_;
};

// Simulates a power loss that clears a block: HDF5 loops forever over a global heap with a free object of size 0.
TEST_F(HostileFiles, AGlobalHeapWithATornBlock) {
  {
    const hdf5::File file = begin();
    write_zeros(dataset(file, "/latents/video", H5T_IEEE_F32LE, {1, 1, 1, 2, 2}), 16);
  }
  EXPECT_EQ(read_latents(path_).latents.at(Stream::Video).values.size(), 4U);
  const std::string content = read_file(path_);
  const std::size_t heap = content.find("GCOL");
  ASSERT_NE(heap, std::string::npos);
  patch(heap + 16, std::string(16, '\0'));
  expect_refused("its global heap is damaged");
  EXPECT_THROW(read_latent_header(path_), InputError);
  EXPECT_THROW(list_datasets(path_), InputError);
}

TEST_F(HostileFiles, OwnFilesHaveNoGlobalHeap) {
  for (const LatentFile& file : {complete_file(), running_file()}) {
    write_latents(path_, file);
    EXPECT_EQ(read_file(path_).find("GCOL"), std::string::npos);
  }
}

// Whichever 16 or 4096 bytes a power loss clears: the file is refused, or reads as before if they store nothing.
TEST_F(HostileFiles, ATornBlockAnywhereInOwnFiles) {
  for (const LatentFile& file : {complete_file(), running_file()}) {
    write_latents(path_, file);
    const std::string whole = read_file(path_);
    for (std::size_t at = 0; at < whole.size(); at += 192) {
      std::string torn = whole;
      for (const std::size_t bytes : {std::size_t{16}, std::size_t{4096}}) {
        const std::size_t end = std::min(at + bytes, torn.size());
        std::fill(torn.begin() + static_cast<std::ptrdiff_t>(at), torn.begin() + static_cast<std::ptrdiff_t>(end), 0);
        std::ofstream(path_, std::ios::binary) << torn;
        try {
          EXPECT_TRUE(read_latents(path_) == file) << "bytes " << at << " to " << end << " made a difference";
        } catch (const InputError&) {
        }
      }
    }
  }
}

// The older format has no checksums. With random bytes changed, a file is read or refused, without a hang or a crash.
TEST_F(HostileFiles, RandomBytesInOldFiles) {
  {
    const hdf5::File file = begin();
    const hdf5::PropertyList properties = chunked({1, 1, 1, 2, 2});
    H5Pset_deflate(properties.get(), 1);
    write_zeros(dataset(file, "/latents/video", H5T_IEEE_F32LE, {1, 2, 3, 4, 4}, properties.get()), 384);
    write_zeros(dataset(file, "/latents/sound", H5T_IEEE_F32LE, {1, 2, 3}), 24);
  }
  const std::string whole = read_file(path_);
  std::mt19937 random(7);
  int refused = 0;
  for (int i = 0; i < 400; ++i) {
    std::string changed = whole;
    for (int k = 0; k < 1 + i % 4; ++k) changed[random() % changed.size()] = static_cast<char>(random());
    std::ofstream(path_, std::ios::binary) << changed;
    try {
      read_latents(path_);
      list_datasets(path_);
    } catch (const InputError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 40);
}

TEST_F(HostileFiles, ValuesInOtherFiles) {
  std::ofstream(folder_ / "secret") << std::string(64, 's');
  {
    const hdf5::File file = begin();
    const hdf5::PropertyList properties(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_external(properties.get(), (folder_ / "secret").c_str(), 0, 16);
    dataset(file, "/latents/video", H5T_IEEE_F32LE, {1, 1, 1, 2, 2}, properties.get());
  }
  expect_refused("/latents/video: its values lie in other files (external storage)");
}

TEST_F(HostileFiles, LinksToOtherFilesAndNames) {
  {
    H5Lcreate_external((folder_ / "other.h5").c_str(), "/x", begin().get(), "/latents/video", H5P_DEFAULT, H5P_DEFAULT);
  }
  expect_refused("/latents: video is a link to another file");
  for (const H5F_libver_t version : {H5F_LIBVER_EARLIEST, H5F_LIBVER_V110}) {
    { H5Lcreate_soft("/latents/video", begin(version).get(), "/latents/video", H5P_DEFAULT, H5P_DEFAULT); }
    expect_refused("/latents: video is a soft link");
  }
  { H5Lcreate_hard(begin().get(), "/latents", H5L_SAME_LOC, "/latents/video", H5P_DEFAULT, H5P_DEFAULT); }
  expect_refused("leads to a place that something else leads to");
}

TEST_F(HostileFiles, VirtualDatasets) {
  {
    const hdf5::File file = begin();
    const std::vector<hsize_t> shape{1, 1, 1, 2, 2};
    const hdf5::Dataspace space(H5Screate_simple(5, shape.data(), nullptr));
    const hdf5::PropertyList properties(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_virtual(properties.get(), space.get(), (folder_ / "other.h5").c_str(), "/x", space.get());
    dataset(file, "/latents/video", H5T_IEEE_F32LE, shape, properties.get());
  }
  expect_refused("/latents/video: a virtual dataset");
}

TEST_F(HostileFiles, WhatIsNoFile) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  expect_refused("not a file");
  EXPECT_THROW(list_datasets(path_), InputError);
}

struct Declared {
  const char* name;
  std::vector<hsize_t> shape;
  std::vector<hsize_t> chunk;  // none: contiguous
  const char* message;
};

// None of these stores any values. The sizes that they declare go from 4 GiB to more than the address space.
TEST_F(HostileFiles, DeclaredSizesAreNotBelieved) {
  const Declared kDeclared[] = {
      {"2^60 values", {1, 1, 1 << 20, 1 << 20, 1 << 20}, {1, 1, 1, 1, 1024}, "more values than any latents have"},
      {"wraps to 0", {1, 1, 1 << 22, 1 << 22, 1 << 20}, {1, 1, 1, 1, 1024}, "more values than any latents have"},
      {"never written", {1, 16, 16, 1024, 1024}, {1, 1, 1, 1024, 1024}, "its values were never written"},
      {"contiguous", {1, 16, 16, 1024, 1024}, {}, "its values were never written"},
      {"a chunk of 1 GiB", {1, 1, 1, 1, 1}, {1, 1, 256, 1024, 1024}, "its chunks are larger than it is"},
  };
  for (const Declared& declared : kDeclared) {
    SCOPED_TRACE(declared.name);
    {
      const hdf5::File file = begin();
      const std::vector<hsize_t> unlimited(5, H5S_UNLIMITED);
      const hdf5::Dataspace space(
          H5Screate_simple(5, declared.shape.data(), declared.chunk.empty() ? nullptr : unlimited.data()));
      const hdf5::PropertyList properties =
          declared.chunk.empty() ? hdf5::PropertyList(H5Pcreate(H5P_DATASET_CREATE)) : chunked(declared.chunk);
      const hdf5::Dataset made(H5Dcreate2(file.get(), "/latents/video", H5T_IEEE_F32LE, space.get(), H5P_DEFAULT,
                                          properties.get(), H5P_DEFAULT));
      ASSERT_FALSE(made.empty());
    }
    expect_refused(declared.message);
  }
}

// A chunk whose few bytes inflate to far more than the chunk's size; HDF5 would allocate all of it.
TEST_F(HostileFiles, ChunksThatInflateTooFar) {
  {
    const hdf5::File file = begin();
    const hdf5::PropertyList properties = chunked({1, 1, 1, 32, 32});
    H5Pset_deflate(properties.get(), 9);
    const hdf5::Dataset video = dataset(file, "/latents/video", H5T_IEEE_F32LE, {1, 1, 1, 32, 32}, properties.get());
    {
      const hdf5::File other(H5Fcreate((folder_ / "b.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
      const hdf5::PropertyList large = chunked({1 << 22});
      H5Pset_deflate(large.get(), 9);
      const hdf5::Dataset bomb = dataset(other, "/bomb", H5T_IEEE_F32LE, {1 << 22}, large.get());
      write_zeros(bomb, std::size_t{4} << 22);
      H5Fflush(other.get(), H5F_SCOPE_GLOBAL);
      const hsize_t start[] = {0, 0, 0, 0, 0};
      hsize_t bytes = 0;
      ASSERT_GE(H5Dget_chunk_storage_size(bomb.get(), start, &bytes), 0);
      std::vector<char> stored(bytes);
      std::uint32_t mask = 0;
      ASSERT_GE(H5Dread_chunk(bomb.get(), H5P_DEFAULT, start, &mask, stored.data()), 0);
      ASSERT_GE(H5Dwrite_chunk(video.get(), H5P_DEFAULT, 0, start, bytes, stored.data()), 0);
    }
  }
  expect_refused("/latents/video: a compressed chunk is damaged, or of another size");
}

std::string little_endian(std::uint64_t number, std::size_t bytes = 8) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i));
  return text;
}

std::uint64_t number_at(const std::string& content, std::size_t at) {
  std::uint64_t number = 0;
  std::memcpy(&number, content.data() + at, sizeof number);
  return number;
}

// All chunks of the dataset are stored at the same address, so that a small file declares any number of values.
TEST_F(HostileFiles, ChunksThatLieOverOneAnother) {
  haddr_t addresses[2] = {};
  {
    const hdf5::File file = begin();
    const hdf5::PropertyList properties = chunked({1, 1, 1, 2, 2});
    const hdf5::Dataset video = dataset(file, "/latents/video", H5T_IEEE_F32LE, {1, 2, 1, 2, 2}, properties.get());
    write_zeros(video, 32);
    H5Fflush(file.get(), H5F_SCOPE_GLOBAL);
    for (hsize_t i = 0; i < 2; ++i) {
      const hsize_t place[] = {0, i, 0, 0, 0};
      ASSERT_GE(H5Dget_chunk_info_by_coord(video.get(), place, nullptr, &addresses[i], nullptr), 0);
    }
  }
  const std::size_t second = read_file(path_).find(little_endian(addresses[1]));
  ASSERT_NE(second, std::string::npos);
  patch(second, little_endian(addresses[0]));
  expect_refused("/latents/video: its chunks overlap");
}

// Four thousand texts refer to the same mebibyte of the global heap, which makes gigabytes to traverse.
TEST_F(HostileFiles, TextsThatLieOverOneAnother) {
  constexpr std::size_t kTexts = 4000, kLong = std::size_t{1} << 20, kReferenceBytes = 16;
  {
    const hdf5::File file = begin();
    const hdf5::Datatype type(H5Tcopy(H5T_C_S1));
    H5Tset_size(type.get(), H5T_VARIABLE);
    const hsize_t count = kTexts;
    const hdf5::Dataspace space(H5Screate_simple(1, &count, nullptr));
    const hdf5::Attribute made(H5Acreate2(file.get(), "notes", type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT));
    const std::string text(kLong, 'n');
    std::vector<const char*> texts(kTexts, "n");
    texts.front() = text.c_str();
    ASSERT_GE(H5Awrite(made.get(), type.get(), texts.data()), 0);
  }
  const std::string content = read_file(path_);
  const auto is_reference = [&](std::size_t at) {  // length, address and number of a text
    const std::uint64_t heap = number_at(content, at + 4);
    return heap < content.size() && content.compare(heap, 4, "GCOL") == 0;
  };
  std::size_t first = content.find(little_endian(kLong, 4), content.find("notes"));
  while (first != std::string::npos && !is_reference(first)) first = content.find(little_endian(kLong, 4), first + 1);
  ASSERT_NE(first, std::string::npos);
  const std::string reference = content.substr(first, kReferenceBytes);
  std::string all;
  for (std::size_t i = 0; i < kTexts; ++i) all += reference;
  patch(first, all);
  expect_refused("attribute notes: its structures overlap");
}

// A quarter of a million free blocks in a group's heap of names: quick to traverse, unless each step copies the rest of
// the heap.
TEST_F(HostileFiles, ANameHeapOfFreePieces) {
  constexpr std::size_t kPieces = 1 << 18, kPieceBytes = 16, kEndOfFile = 40;  // its place in a superblock of version 0
  { begin(); }
  std::string content = read_file(path_);
  const std::size_t heap = content.find("HEAP");
  ASSERT_NE(heap, std::string::npos);
  std::string names = content.substr(number_at(content, heap + 24), number_at(content, heap + 8));
  const std::string free = little_endian(names.size());
  for (std::size_t i = 1; i <= kPieces; ++i) {
    const std::uint64_t next = names.size() + kPieceBytes;
    names += little_endian(i == kPieces ? 1 : next) + little_endian(kPieceBytes);
  }
  content.replace(heap + 8, 24, little_endian(names.size()) + free + little_endian(content.size()));
  content += names;
  content.replace(kEndOfFile, 8, little_endian(content.size()));
  write_file(path_, content);
  const double before = cpu_seconds();
  expect_refused("no dataset /latents/video");
  EXPECT_LT(cpu_seconds() - before, 10);
}

// A name of ten thousand characters is refused, since a group of such names could fill the memory.
TEST_F(HostileFiles, NamesThatAreFarTooLong) {
  {
    const hdf5::File file = begin();
    const hdf5::Group group(
        H5Gcreate2(file.get(), std::string(10'000, 'n').c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  }
  expect_refused("its names are damaged, or longer than names in latent files");
}

TEST_F(HostileFiles, SoundThatIsFarLongerThanItsClip) {
  LatentFile file = complete_file();
  file.latents[Stream::Sound] = make_array({1, 1, 1'000'000}, 0);
  write_latents(path_, file);
  expect_refused("/latents/sound has 1000000 steps beside 3 latent frames");
}

hdf5::Datatype bool_type() {
  hdf5::Datatype type(H5Tenum_create(H5T_STD_I8LE));
  const signed char no = 0, yes = 1;
  H5Tenum_insert(type.get(), "FALSE", &no);
  H5Tenum_insert(type.get(), "TRUE", &yes);
  return type;
}

hdf5::Datatype complex_type() {
  hdf5::Datatype type(H5Tcreate(H5T_COMPOUND, 8));
  H5Tinsert(type.get(), "r", 0, H5T_IEEE_F32LE);
  H5Tinsert(type.get(), "i", 4, H5T_IEEE_F32LE);
  return type;
}

hdf5::Datatype bfloat16_type() {
  hdf5::Datatype type(H5Tcreate(H5T_OPAQUE, 2));
  H5Tset_tag(type.get(), "bfloat16");
  return type;
}

TEST_F(HostileFiles, ValuesThatAreNotFloatingPoint) {
  const std::pair<hdf5::Datatype, const char*> kTypes[] = {
      {hdf5::Datatype(H5Tcopy(H5T_STD_U8LE)), "found values of type uint8, expected floating-point"},
      {hdf5::Datatype(H5Tcopy(H5T_STD_I64BE)), "found values of type int64, expected floating-point"},
      {hdf5::Datatype(H5Tcopy(H5T_STD_B16LE)), "found values of type bitfield16, expected floating-point"},
      {bool_type(), "found values of type enumeration (bool?), expected floating-point"},
      {complex_type(), "its type is compound, as that of complex numbers"},
      {bfloat16_type(), "found values of type opaque of 2 bytes (bfloat16), expected floating-point"}};
  for (const auto& [type, message] : kTypes) {
    SCOPED_TRACE(message);
    {
      const hdf5::File file = begin();
      write_zeros(dataset(file, "/latents/video", type.get(), {1, 1, 1, 2, 2}), 4 * H5Tget_size(type.get()));
    }
    expect_refused(message);
  }
}

// HDF5 computes a chunk's position in the index from the largest extents: beyond its end if it has fewer entries.
TEST_F(HostileFiles, ShapesThatMayGrowWithoutAnIndexForThat) {
  for (const H5D_alloc_time_t allocated : {H5D_ALLOC_TIME_INCR, H5D_ALLOC_TIME_EARLY}) {
    {
      const hdf5::File file = begin(H5F_LIBVER_V110);
      const std::vector<hsize_t> now{1, 2, 2, 2, 2}, largest{1, 2, 3, 2, 2};
      const hdf5::Dataspace space(H5Screate_simple(5, now.data(), largest.data()));
      const hdf5::PropertyList properties = chunked({1, 1, 1, 2, 2});
      H5Pset_alloc_time(properties.get(), allocated);
      write_zeros(hdf5::Dataset(H5Dcreate2(file.get(), "/latents/video", H5T_IEEE_F32LE, space.get(), H5P_DEFAULT,
                                           properties.get(), H5P_DEFAULT)),
                  16 * sizeof(float));
    }
    expect_refused("/latents/video: its chunk index is of a shape that cannot grow, and its shape can");
  }
}

TEST_F(HostileFiles, OtherFiltersAreNamed) {
  {
    const hdf5::File file = begin();
    const hdf5::PropertyList properties = chunked({1, 1, 1, 2, 2});
    H5Pset_nbit(properties.get());
    dataset(file, "/latents/video", H5T_IEEE_F32LE, {1, 1, 1, 2, 2}, properties.get());
  }
  expect_refused("/latents/video: filter 5, expected deflate (gzip), shuffle and fletcher32");
}

}  // namespace
}  // namespace orrery
