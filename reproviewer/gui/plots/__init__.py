"""The pictures of one tensor in every run: bars, heat maps, histograms, values, small multiples."""
