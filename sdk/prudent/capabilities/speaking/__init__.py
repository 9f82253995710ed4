"""From a text to sound: what is written as it is said, sentences, phonemes, samples, files of sound."""
