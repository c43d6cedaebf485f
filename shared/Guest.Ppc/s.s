evxtrh 0
