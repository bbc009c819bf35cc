;; Of one vector of bytes, the products with many: what recall looks through for every question.
;;
;; A vector is $dims bytes, signed, and vectors lie one after another without gaps. Sixteen are multiplied at a time, then four,
;; then one. Every sum is of whole numbers and fits into 32 bits, so that it is the same on every machine.
(module
  (memory (export "memory") 1 65536)

  ;; products[i]: the sum of asked[k] * vectors[i][k]
  (func (export "scan")
    (param $asked i32) (param $vectors i32) (param $count i32) (param $dims i32) (param $products i32)
    (local $end i32) (local $at i32) (local $wide i32) (local $fours i32) (local $sum v128) (local $a v128) (local $b v128) (local $rest i32)
    (local.set $wide (i32.and (local.get $dims) (i32.const -16)))
    (local.set $fours (i32.and (local.get $dims) (i32.const -4)))
    (local.set $end (i32.add (local.get $vectors) (i32.mul (local.get $count) (local.get $dims))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $vectors) (local.get $end)))
        (local.set $sum (v128.const i32x4 0 0 0 0))
        (local.set $rest (i32.const 0))
        (local.set $at (i32.const 0))
        (block $wideDone
          (loop $sixteen
            (br_if $wideDone (i32.ge_u (local.get $at) (local.get $wide)))
            (local.set $a (v128.load (i32.add (local.get $asked) (local.get $at))))
            (local.set $b (v128.load (i32.add (local.get $vectors) (local.get $at))))
            (local.set $sum
              (i32x4.add (local.get $sum)
                (i32x4.add
                  (i32x4.dot_i16x8_s
                    (i16x8.extend_low_i8x16_s (local.get $a)) (i16x8.extend_low_i8x16_s (local.get $b)))
                  (i32x4.dot_i16x8_s
                    (i16x8.extend_high_i8x16_s (local.get $a)) (i16x8.extend_high_i8x16_s (local.get $b))))))
            (local.set $at (i32.add (local.get $at) (i32.const 16)))
            (br $sixteen)))
        (block $foursDone
          (loop $four
            (br_if $foursDone (i32.ge_u (local.get $at) (local.get $fours)))
            (local.set $sum
              (i32x4.add (local.get $sum)
                (i32x4.dot_i16x8_s
                  (i16x8.extend_low_i8x16_s (v128.load32_zero (i32.add (local.get $asked) (local.get $at))))
                  (i16x8.extend_low_i8x16_s (v128.load32_zero (i32.add (local.get $vectors) (local.get $at)))))))
            (local.set $at (i32.add (local.get $at) (i32.const 4)))
            (br $four)))
        (block $restDone
          (loop $one
            (br_if $restDone (i32.ge_u (local.get $at) (local.get $dims)))
            (local.set $rest
              (i32.add (local.get $rest)
                (i32.mul
                  (i32.load8_s (i32.add (local.get $asked) (local.get $at)))
                  (i32.load8_s (i32.add (local.get $vectors) (local.get $at))))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $one)))
        (i32.store (local.get $products)
          (i32.add (local.get $rest)
            (i32.add
              (i32.add (i32x4.extract_lane 0 (local.get $sum)) (i32x4.extract_lane 1 (local.get $sum)))
              (i32.add (i32x4.extract_lane 2 (local.get $sum)) (i32x4.extract_lane 3 (local.get $sum))))))
        (local.set $products (i32.add (local.get $products) (i32.const 4)))
        (local.set $vectors (i32.add (local.get $vectors) (local.get $dims)))
        (br $next)))))
